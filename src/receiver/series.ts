/**
 * Names, units and descriptions of the published series (docs/DATA_MODEL.md). Values of windows are gauges, running
 * totals cumulative sums that are not monotonic: a noised count may be negative and may fall. Units are annotations
 * in braces, which no exporter turns into a suffix.
 */
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { Measurement, ReleaseStream } from '../plan/plan.js';

/** Our namespace; every published name starts with it. */
const PUBLISHED_PREFIX = 'telemetry_kit';

export interface SeriesDescription {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly whole: boolean;
  /** Amounts since a start time, instead of at one time. */
  readonly cumulative?: boolean;
}

/** A value and what is known about it. */
export type ValueSeries = Readonly<Record<'value' | 'display' | 'stddev' | 'low' | 'high', SeriesDescription>>;

/** Of a histogram, beside its buckets. */
export type QuantileSeries = Readonly<Record<'value' | 'low' | 'high', SeriesDescription>>;

/** The series of one measurement: its own, of a sum the count that is released with it, of a histogram its quantiles. */
export function measurementSeries(
  report: string,
  { name, kind, release = 'windows' }: Measurement,
): {
  readonly own: ValueSeries;
  readonly count: ValueSeries | undefined;
  readonly quantiles: QuantileSeries | undefined;
} {
  const prefix = `${PUBLISHED_PREFIX}.${report}.${name}`;
  return kind === 'sum'
    ? {
        own: valueSeries(prefix, release, 'sum', '{unit}', false),
        count: valueSeries(`${prefix}.count`, release, 'count', '{event}', true),
        quantiles: undefined,
      }
    : {
        own: valueSeries(prefix, release, 'count', '{event}', true),
        count: undefined,
        quantiles: kind === 'histogram' ? quantileSeries(`${prefix}${STREAMS[release].suffix}`) : undefined,
      };
}

function quantileSeries(prefix: string): QuantileSeries {
  const name = `${prefix}.quantile`;
  const common = { unit: '{unit}', whole: false };
  return {
    value: { ...common, name, description: 'Quantile computed from the noised buckets.' },
    low: { ...common, name: `${name}.ci_low`, description: 'Lower end of its 95 % interval for the noise.' },
    high: { ...common, name: `${name}.ci_high`, description: 'Upper end of its 95 % interval for the noise.' },
  };
}

const STREAMS = {
  windows: { suffix: '', over: 'of a window', cumulative: false },
  total: { suffix: '.total', over: 'since the budget period began', cumulative: true },
} as const;

/** `isCount`: of whole things; a running total is decoded from several releases and is not a whole number. */
function valueSeries(
  prefix: string,
  release: ReleaseStream,
  what: string,
  unit: string,
  isCount: boolean,
): ValueSeries {
  const { suffix, over, cumulative } = STREAMS[release];
  const name = `${prefix}${suffix}`;
  const whole = isCount && !cumulative;
  return {
    value: {
      name,
      unit,
      whole,
      cumulative,
      description: `Noised ${what} ${over}, unclamped: it may be negative.`,
    },
    display: {
      name: `${name}.display`,
      unit,
      whole,
      description: `The noised ${what}, a negative count shown as 0. For the eye only: sums and averages of it are biased.`,
    },
    stddev: {
      name: `${name}.stddev`,
      unit,
      whole: false,
      description: `Standard deviation of the noise in the ${what}.`,
    },
    low: { name: `${name}.ci_low`, unit, whole, description: 'Lower end of the 95 % interval that the noise leaves.' },
    high: {
      name: `${name}.ci_high`,
      unit,
      whole,
      description: 'Upper end of the 95 % interval that the noise leaves.',
    },
  };
}

export const WINDOW_END: SeriesDescription = {
  name: `${PUBLISHED_PREFIX}.window_end`,
  unit: '{unix_second}',
  whole: true,
  description: 'End of the window the values are about, in Unix seconds.',
};
export const SUPPRESSED: SeriesDescription = {
  name: `${PUBLISHED_PREFIX}.suppressed`,
  unit: '{cell}',
  whole: true,
  description: '1 where a window has no value, with the reason. Suppressed is not zero.',
};
export const RELEASE_INFO: SeriesDescription = {
  name: `${PUBLISHED_PREFIX}.release.info`,
  unit: '{release}',
  whole: true,
  description: 'Always 1: how the last values of a measurement were protected, and the last ledger entry about them.',
};
export const BUDGET: Readonly<Record<'limit' | 'consumed' | 'remaining', SeriesDescription>> = {
  limit: budget('limit', 'What may be spent in one period, by measure.'),
  consumed: budget('consumed', 'What was spent in the current period, by measure.'),
  remaining: budget('remaining', 'What is left in the current period, by measure.'),
};

function budget(name: string, description: string): SeriesDescription {
  return { name: `${PUBLISHED_PREFIX}.budget.${name}`, unit: '{privacy_loss}', whole: false, description };
}

/**
 * Throws `invalid_plan` where two series of these plans would have one name, also after Prometheus has
 * replaced dots, or two labels of one series. Plans of one name are versions of one plan and share series.
 */
export function assertDistinctSeries(plans: readonly CompiledPlan[]): void {
  const owners = new Map<string, string>();
  for (const { name } of [WINDOW_END, SUPPRESSED, RELEASE_INFO, ...Object.values(BUDGET)])
    owners.set(prometheusName(name), name);
  for (const { plan, reports } of plans) {
    for (const { report, labels, measurements } of reports) {
      assertDistinctLabels(
        report.name,
        labels.map(({ key }) => key),
      );
      for (const { measurement } of measurements) {
        const owner = `${plan.name}: ${report.name}.${measurement.name}`;
        const { own, count, quantiles } = measurementSeries(report.name, measurement);
        for (const { name } of [own, count, quantiles].flatMap((series) => Object.values(series ?? {}))) {
          const other = owners.get(prometheusName(name)) ?? owner;
          if (other !== owner) throw clash(`${owner} and ${other} would both publish ${name}`);
          owners.set(prometheusName(name), owner);
        }
      }
    }
  }
}

function assertDistinctLabels(report: string, keys: readonly string[]): void {
  const names = ['value', 'quantile', 'reason', 'report', 'measurement', ...keys].map(prometheusName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw clash(`report ${report} has two labels that Prometheus would call ${twice}`);
}

/** How exporters write a name for Prometheus. */
function prometheusName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replaceAll(/_{2,}/g, '_');
}

function clash(message: string): TelemetryKitError {
  return new TelemetryKitError('invalid_plan', message, { fix: 'rename one of them in the plan' });
}
