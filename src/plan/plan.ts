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
  /** Privacy loss of one release, a decimal string such as "1" or "0.25". */
  readonly epsilon: string;
  /** Smallest noised count that is published; a courtesy to readers, not a protection. Default 0. */
  readonly minimum?: number;
}

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
  readonly measurements: readonly Measurement[];
}

/** A clear-text span attribute by which totals are split; visible to collector and receiver. */
export interface Label {
  readonly key: string;
  /** The allowed values; a span with any other value (or none) is sealed under `otherwise`. */
  readonly values: readonly string[];
  /** The member of `values` used for spans whose label is missing or undeclared. */
  readonly otherwise: string;
}

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

export interface PlanPrivacy {
  /** Plans that measure the same people share one domain, and so one budget. */
  readonly domain: string;
  /** What one unit of privacy protects: `event`, one span's contribution. */
  readonly unit: 'event';
  /** Budget period in UTC. */
  readonly period: Period;
  /** Most epsilon that may be spent in one period, a decimal string. */
  readonly epsilon: string;
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
