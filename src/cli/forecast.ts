/**
 * What a plan will show for a population of a given size: expected values beside the noise on them, what the
 * bounds leave out, and the shortest window that is worth reading. Estimates for whoever chooses parameters;
 * nothing is computed with them.
 *
 * Assumptions, printed with the result: visits are spread evenly over the period, over the labels and over the
 * slots of a measurement; numbers are in the middle of their range; visits a user follow a geometric
 * distribution from 1 on, so that a few users make many.
 */
import { addRational, compareRational, multiplyRational, rational } from '../math/rational.js';
import { windowsPerPeriod } from '../plan/budget-period.js';
import { labelCombinations, type CompiledPlan, type CompiledReport } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { periodEpsilon, streamsEpsilon, windowEpsilon } from '../plan/plan-cost.js';
import type { Period, Plan } from '../plan/plan.js';
import { decodingCoefficients, squareRootCoefficients } from '../privacy/index.js';
import { publishedSlots } from '../receiver/published-slots.js';
import { publishedTotals } from '../receiver/published-totals.js';
import { trafficOf, type ReportTraffic } from './traffic.js';

export interface Population {
  readonly usersPerDay: number;
  /** Mean number of spans of one report that a user makes in a day; 1 or more. */
  readonly visitsPerUser: number;
}

interface SeriesForecast {
  readonly series: string;
  /** Of one window, or of a running total at the end of its period, under one combination of labels. */
  readonly expected: number;
  /** 95 % of the noise is within it. */
  readonly halfWidth: number;
}

export interface Forecast {
  readonly series: readonly SeriesForecast[];
  /** Part of all visits that the bounds keep; 1 without bounds. */
  readonly keptShare: number;
  /** Seconds; `undefined` where not even a whole period suffices. */
  readonly shortestUsefulWindow: number | undefined;
  /** What sealing adds to the spans of a day. */
  readonly traffic: readonly ReportTraffic[];
}

const DAY_SECONDS = 86_400;
const PERIOD_SECONDS: Readonly<Record<Period, number>> = { hour: 3600, day: DAY_SECONDS, week: 7 * DAY_SECONDS };
/** A value is worth reading where its half width is at most this part of it. */
const USEFUL = 0.1;
/** Lengths to propose, each a divisor of an hour or a day. */
const WINDOW_SECONDS = [60, 300, 900, 3600, 21_600, DAY_SECONDS];

export function forecast(compiled: CompiledPlan, population: Population): Forecast {
  const { plan, reports } = compiled;
  const series = reports.flatMap((report) =>
    report.measurements.flatMap((measurement) => seriesOf(plan, report, measurement, population)),
  );
  const windows = series.find(({ series: name }) => !name.endsWith('(total)'));
  return {
    series,
    keptShare: keptShare(plan, population),
    shortestUsefulWindow: shortestWindow(plan, windows),
    traffic: trafficOf(compiled, population.usersPerDay * population.visitsPerUser),
  };
}

/** Geometric from 1 on with mean m: P[X >= k] = (1 - 1/m)^(k-1); so E[min(X, V)] / E[X] = 1 - (1 - 1/m)^V. */
export function keptShare({ privacy: { bounds, period } }: Plan, { visitsPerUser }: Population): number {
  if (bounds === undefined) return 1;
  const perPeriod = Math.max(
    1,
    (visitsPerUser * PERIOD_SECONDS[period]) / Math.max(DAY_SECONDS, PERIOD_SECONDS[period]),
  );
  return 1 - (1 - 1 / perPeriod) ** bounds.visits;
}

function seriesOf(
  plan: Plan,
  report: CompiledReport,
  measurement: CompiledMeasurement,
  population: Population,
): SeriesForecast[] {
  const { usersPerDay, visitsPerUser } = population;
  const perSecond = (usersPerDay * visitsPerUser * keptShare(plan, population)) / DAY_SECONDS;
  const perCell = perSecond / labelCombinations(report).length;
  const name = `${report.report.name}.${measurement.measurement.name}`;
  if (measurement.measurement.release === 'total') {
    const totals = typicalTotals(measurement, perCell * PERIOD_SECONDS[plan.privacy.period]);
    return totalsOf(plan, measurement, name, totals);
  }
  const totals = typicalTotals(measurement, perCell * plan.window.seconds);
  return publishedSlots(plan, measurement).map(({ series, value, amount, noise }) => ({
    series: nameOf(name, series, value),
    expected: amount(totals),
    halfWidth: noise.halfWidth95,
  }));
}

/** A running total as it is at the end of its period. */
function totalsOf(plan: Plan, measurement: CompiledMeasurement, name: string, totals: bigint[]): SeriesForecast[] {
  const decoding = decodingCoefficients(squareRootCoefficients(windowsPerPeriod(plan)));
  const varianceFactor = decoding.reduce((sum, coefficient) => sum + coefficient * coefficient, 0);
  return publishedTotals(plan, measurement).map(({ series, value, describe }) => {
    const { amount, halfWidth95 } = describe({ since: 0, amounts: totals.map(Number), varianceFactor });
    return { series: `${nameOf(name, series, value)} (total)`, expected: amount, halfWidth: halfWidth95 };
  });
}

function nameOf(measurement: string, series: 'own' | 'count', value: string | undefined): string {
  return [series === 'count' ? `${measurement}.count` : measurement, value]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** Exclusive slots share the visits; a number is in the middle of its range, here counted in its steps. */
function typicalTotals({ measurement, slotDetails }: CompiledMeasurement, visits: number): bigint[] {
  const shared = BigInt(Math.round(visits / slotDetails.length));
  const all = BigInt(Math.round(visits));
  switch (measurement.kind) {
    case 'flag':
    case 'category':
    case 'histogram':
      return slotDetails.map(() => shared);
    case 'sum':
      return slotDetails.map(({ bound }, slot) => (slot === 0 ? (all * bound) / 2n : all));
    case 'product':
      return slotDetails.map(({ bound }) => (all * bound) / 2n);
  }
}

/** The first series decides: noise does not change with the length of a window, what it hides in does. */
function shortestWindow(plan: Plan, main: SeriesForecast | undefined): number | undefined {
  if (main === undefined || main.expected <= 0) return undefined;
  return WINDOW_SECONDS.find((seconds) => {
    const expected = (main.expected * seconds) / plan.window.seconds;
    return main.halfWidth <= USEFUL * expected && isPaidFor(plan, seconds);
  });
}

/** Whether the budget lasts for windows of this length to the end of the period. */
function isPaidFor(plan: Plan, seconds: number): boolean {
  const period = PERIOD_SECONDS[plan.privacy.period];
  if (period % seconds !== 0) return false;
  const windows = multiplyRational(windowEpsilon(plan), rational(BigInt(period / seconds), 1n));
  return compareRational(addRational(windows, periodEpsilon(plan)), streamsEpsilon(plan.privacy)) <= 0;
}
