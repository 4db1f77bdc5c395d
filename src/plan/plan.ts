/**
 * The measurement plan: one signed document that the application, the receiver and the key holder share.
 * It says which attributes are taken out of which spans, what each may contribute, how long a window is
 * and how much privacy a release costs. docs/DATA_MODEL.md describes every field.
 */

/** A category in {@link CategoryMeasurement}; also the text of the published `value` attribute. */
type CategoryValue = string;

interface MeasurementBase {
  /** Lower-case identifier, unique in its report; part of the published series' name. */
  readonly name: string;
  /**
   * A decimal string such as "1" or "0.25". Unit `event`: privacy loss of one release. Unit `user-period`, and for
   * a running total: the loss of all releases of a budget period together. Under discrete Gaussian noise it takes
   * the same part of the budget's rho.
   */
  readonly epsilon: string;
  /** What is released: each window by itself (default), or after each window the total since the period began. */
  readonly release?: ReleaseStream;
  /** Smallest noised count that is published; a courtesy to readers, not a protection. Default 0. */
  readonly minimum?: number;
}

export const RELEASE_STREAMS = ['windows', 'total'] as const;
export type ReleaseStream = (typeof RELEASE_STREAMS)[number];

interface SingleAttribute {
  /** Key of the span attribute that is taken out and sealed. */
  readonly attribute: string;
}

/** A boolean: true, false or absent; with `trueOnly` only the true ones are counted. */
export interface FlagMeasurement extends MeasurementBase, SingleAttribute {
  readonly kind: 'flag';
  readonly trueOnly?: boolean;
}

/** One of up to 32 declared strings; anything else counts as `other` where that is declared, else as absent. */
export interface CategoryMeasurement extends MeasurementBase, SingleAttribute {
  readonly kind: 'category';
  readonly values: readonly CategoryValue[];
  readonly other?: boolean;
}

/** A number counted in buckets (a, b] by explicit boundaries, as OpenTelemetry's histograms do. */
export interface HistogramMeasurement extends MeasurementBase, SingleAttribute {
  readonly kind: 'histogram';
  /** Strictly increasing, at most 31: one bucket more than boundaries. */
  readonly boundaries: readonly number[];
}

/** A number added up: clamped to [min, max], rounded to `scale`. Its count is released with it, at a cost of its own. */
export interface SumMeasurement extends MeasurementBase, SingleAttribute {
  readonly kind: 'sum';
  /** Decimal strings; (max - min) is a whole number of scales. */
  readonly min: string;
  readonly max: string;
  readonly scale: string;
  /** Privacy loss of the count, beside `epsilon` for the sum. */
  readonly countEpsilon: string;
}

/** A small integer, or a boolean as 0 and 1, in a product. */
export interface ProductFactor extends SingleAttribute {
  /** Smallest and largest value, both non-negative; booleans are 0 and 1. Anything outside is clamped. */
  readonly min: number;
  readonly max: number;
}

/** Totals of x, y and x * y of one span, for squares, variances and correlations; absent unless both are there. */
export interface ProductMeasurement extends MeasurementBase {
  readonly kind: 'product';
  readonly factors: readonly [ProductFactor, ProductFactor];
}

export type Measurement =
  FlagMeasurement | CategoryMeasurement | HistogramMeasurement | SumMeasurement | ProductMeasurement;

/** Keys of the attributes a measurement takes, in the order its values are classified. */
export function attributesOf(measurement: Measurement): readonly string[] {
  return measurement.kind === 'product'
    ? measurement.factors.map(({ attribute }) => attribute)
    : [measurement.attribute];
}

/** Which spans a report takes: every criterion that is given must hold. No criterion: every span. */
export interface SpanSelector {
  readonly names?: readonly string[];
  readonly kinds?: readonly SpanKindName[];
  /** Names of instrumentation scopes. */
  readonly scopes?: readonly string[];
}

export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
type SpanKindName = (typeof SPAN_KINDS)[number];

/**
 * `per-span`: every sampled span of the report carries its own envelope. `coalesced`: the processor adds up
 * locally per labels and window and sends one envelope a flush, on a span of its own.
 */
export const REPORT_MODES = ['per-span', 'coalesced'] as const;
export type ReportMode = (typeof REPORT_MODES)[number];

/** Span bounds of coalesced envelopes where a report declares none: powers of four less one. */
export const DEFAULT_SPAN_BOUNDS = [15, 255, 1023, 4095] as const;

export interface Report {
  readonly name: string;
  readonly mode: ReportMode;
  readonly spans: SpanSelector;
  /** Coalesced only: what an envelope may say about how many spans it adds up, increasing. */
  readonly spanBounds?: readonly number[];
  /** Keys of the plan's labels by which this report is split; empty: one cell. */
  readonly labels: readonly string[];
  /** A decimal string: what choosing the keys of an open label costs a period. Required with one, else absent. */
  readonly selectionEpsilon?: string;
  readonly measurements: readonly Measurement[];
}

/** A clear-text span attribute by which totals are split; visible to collector and receiver. */
export type Label = ClosedLabel | OpenLabel;

export interface ClosedLabel {
  readonly key: string;
  /** The allowed values; a span with any other value (or none) is sealed under `otherwise`. */
  readonly values: readonly string[];
  /** The member of `values` used for spans whose label is missing or undeclared. */
  readonly otherwise: string;
}

/**
 * A label whose values, its keys, nobody knows beforehand. A key is published where enough subjects have it that
 * it says nothing about one of them; all others are published together, as `__other__`.
 */
export interface OpenLabel {
  readonly key: string;
  readonly open: true;
  /** Most keys under which one subject counts in a period; default 1. */
  readonly keysPerSubject?: number;
  /** Bytes of UTF-8 of the longest key, 9 to 64, the default; a longer text counts as `__other__`. */
  readonly longest?: number;
}

/** What a cell or an envelope has for one label: the position of a closed label's value, or an open label's key. */
export type LabelValue = number | string;

export interface PlanWindow {
  /** Length; windows are aligned to the Unix epoch. */
  readonly seconds: number;
  /** How long after its end a window still accepts contributions. */
  readonly graceSeconds: number;
  /** Fixed delay from the end of grace to publication. */
  readonly lagSeconds: number;
}

export const PERIODS = ['hour', 'day', 'week'] as const;
export type Period = (typeof PERIODS)[number];

/** What one epsilon protects: one span's contribution, or all of one subject's contributions in a budget period. */
export const PRIVACY_UNITS = ['event', 'user-period'] as const;
export type PrivacyUnit = (typeof PRIVACY_UNITS)[number];

export const MECHANISMS = ['discrete-laplace', 'discrete-gaussian'] as const;
export type MechanismName = (typeof MECHANISMS)[number];

/** The most that one subject adds to one report in a budget period; the processor enforces it, in silence. */
export interface ContributionBounds {
  /** Key of the attribute that tells subjects apart: taken out of every span, never exported. */
  readonly subject: string;
  /** Spans of one subject that count in a period, per report; later ones are sealed as absent. */
  readonly visits: number;
  /** How many of these may fall into one window; default: all. Matters to discrete Gaussian noise and totals. */
  readonly visitsPerWindow?: number;
  /** Most processes one subject can reach that do not share their contribution store; default 1. Each counts for itself. */
  readonly processes?: number;
}

/** Parts of every period's budget, decimal strings that add up to at most 1. */
interface BudgetShares {
  /** Windows and totals that are released by themselves. */
  readonly streams: string;
  readonly queries: string;
  readonly segments: string;
}

export interface PlanPrivacy {
  /** Plans that measure the same people share one domain, and so one budget. */
  readonly domain: string;
  readonly unit: PrivacyUnit;
  /** Budget period in UTC. */
  readonly period: Period;
  /** Most epsilon that may be spent in one period, a decimal string. */
  readonly epsilon: string;
  /** Probability, a decimal string, with which epsilon may be exceeded; "0" where it is left out. */
  readonly delta?: string;
  /** Default discrete Laplace, which needs no delta. */
  readonly mechanism?: MechanismName;
  /** Unit `user-period` only, and required there. */
  readonly bounds?: ContributionBounds;
  /**
   * Unit `event` only: the budget also holds for every span of time as long as a period that begins at a multiple of
   * the windows' length, not only for calendar periods. Of a span that begins between two, up to one window more counts.
   */
  readonly sliding?: boolean;
  /** Everything to streams where it is left out. */
  readonly shares?: BudgetShares;
  /** Who adds noise: both servers in full (default), or the key holder alone. */
  readonly noise: 'both' | 'keyholder';
}

export interface Plan {
  readonly version: 1;
  readonly name: string;
  /** Grows by one with every change; a lower one than already seen is refused. */
  readonly sequence: number;
  /** Key ids (kid) this plan may be used with; the first is the one to seal under. */
  readonly keys: readonly string[];
  readonly window: PlanWindow;
  readonly privacy: PlanPrivacy;
  readonly labels: readonly Label[];
  readonly reports: readonly Report[];
  /** Further attribute keys that are removed from every span without being measured. */
  readonly redact: readonly string[];
}
