/**
 * The measurement plan: one signed document that the application, the receiver and the key holder share.
 * It says which attributes are taken out of which spans, what each may contribute, how long a window is
 * and how much privacy a release costs. docs/DATA_MODEL.md describes every field.
 */

/** A category in {@link CategoryMeasurement}; also the text of the published `value` attribute. */
export type CategoryValue = string;

interface MeasurementBase {
  /** Lower-case identifier, unique in its report; part of the published series' name. */
  readonly name: string;
  /** Key of the span attribute that is taken out and sealed. */
  readonly attribute: string;
  /** Privacy loss of one release, a decimal string such as "1" or "0.25". */
  readonly epsilon: string;
  /** Smallest noised count that is published; a courtesy to readers, not a protection. Default 0. */
  readonly minimum?: number;
}

/** A boolean: true, false or absent. */
export interface FlagMeasurement extends MeasurementBase {
  readonly kind: 'flag';
}

/** One of up to 32 declared strings; anything else counts as `other` where that is declared, else as absent. */
export interface CategoryMeasurement extends MeasurementBase {
  readonly kind: 'category';
  readonly values: readonly CategoryValue[];
  readonly other?: boolean;
}

export type Measurement = FlagMeasurement | CategoryMeasurement;

/** Which spans a report takes: every criterion that is given must hold. No criterion: every span. */
export interface SpanSelector {
  readonly names?: readonly string[];
  readonly kinds?: readonly SpanKindName[];
  /** Names of instrumentation scopes. */
  readonly scopes?: readonly string[];
}

export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKindName = (typeof SPAN_KINDS)[number];

/** `per-span`: every sampled span of the report carries its own envelope. */
export type ReportMode = 'per-span';

export interface Report {
  readonly name: string;
  readonly mode: ReportMode;
  readonly spans: SpanSelector;
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
