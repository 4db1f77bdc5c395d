/** Running totals of a report: what its windows weigh when they close, and what the key holder's answers add up to. */
import { setImmediate } from 'node:timers/promises';
import type { ClosingTotals, DecodedTotal, Store, WindowKey } from '../aggregation/store.js';
import { periodOf, windowsPerPeriod } from '../plan/budget-period.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import type { Plan } from '../plan/plan.js';
import { squareRootCoefficients } from '../privacy/index.js';
import type { WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import { decodeTotal, totalWeights, withoutGap } from './running-total.js';

/** Positions of the measurements that are released as running totals. */
export function totalsOf({ measurements }: CompiledReport): number[] {
  return measurements.flatMap(({ measurement }, position) => (measurement.release === 'total' ? [position] : []));
}

/** For a window of the report that closes; `undefined` where nothing of it is a running total. */
export function closingTotals(
  { plan }: CompiledPlan,
  report: CompiledReport,
  start: number,
): ClosingTotals | undefined {
  const measurements = totalsOf(report);
  if (measurements.length === 0) return undefined;
  const period = periodOf(plan.privacy.period, start);
  return { measurements, period, weights: squareRootCoefficients(windowsPerPeriod(plan)) };
}

/**
 * The running totals after this window, one per cell of its request; `undefined` for other cells, and where this
 * window or an earlier one of the period was not released.
 */
export async function decodeAnswer(
  store: Store,
  { plan, reports }: CompiledPlan,
  window: WindowKey,
  request: WindowReleaseRequest,
  response: WindowReleaseResponse,
): Promise<(DecodedTotal | undefined)[]> {
  const report = reports[window.report];
  const measurements = report === undefined ? [] : totalsOf(report);
  const weightsOf = periodWeights(plan);
  const totals: (DecodedTotal | undefined)[] = [];
  for (const [position, { measurement }] of request.cells.entries()) {
    const outcome = response.cells[position];
    if (!measurements.includes(measurement) || outcome?.status !== 'released') {
      totals.push(undefined);
      continue;
    }
    await setImmediate();
    const earlier = withoutGap(await store.earlierReleases(window, position));
    const releases = earlier && [...earlier, { windowStart: window.windowStart, values: outcome.values }];
    totals.push(releases && decodeTotal(releases, weightsOf(releases.map(({ windowStart }) => windowStart))));
  }
  return totals;
}

/** All cells without a gap were released for the same windows: the weights are computed once. */
function periodWeights(plan: Plan): (windowStarts: readonly number[]) => number[] {
  let weights: number[] | undefined;
  return (windowStarts) => {
    const [first = 0] = windowStarts;
    weights ??= totalWeights(
      windowStarts.map((start) => (start - first) / plan.window.seconds),
      squareRootCoefficients(windowsPerPeriod(plan)).map(Number),
    );
    return weights;
  };
}
