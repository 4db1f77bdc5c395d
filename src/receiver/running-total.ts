/**
 * From noised releases of a period to its running total. Released is w = C x + z, C the integer square-root matrix
 * (privacy/continual) over the windows that were released: the other ones hold nothing, since nobody could
 * contribute to them. C is lower triangular; forward substitution and a sum over all windows is one weighted sum
 * s = b w with b C = (1, ..., 1), and its variance is that of z times the sum of all b_i^2. Both are computed from
 * public numbers, so doubles do.
 */
import type { DecodedTotal, EarlierRelease } from '../aggregation/store.js';

/** A release with its values. */
export interface WindowRelease {
  readonly windowStart: number;
  readonly values: readonly bigint[];
}

/**
 * b, by substitution from the newest window back.
 *
 * @param windows numbers of the released windows in their period, increasing.
 * @param coefficients of the matrix, one per window of the period.
 */
export function totalWeights(windows: readonly number[], coefficients: readonly number[]): number[] {
  const [lead = 1] = coefficients;
  const weights = new Array<number>(windows.length).fill(0);
  for (let column = windows.length - 1; column >= 0; column -= 1) {
    let rest = 1;
    for (let row = column + 1; row < windows.length; row += 1) {
      rest -= (weights[row] ?? 0) * (coefficients[(windows[row] ?? 0) - (windows[column] ?? 0)] ?? 0);
    }
    weights[column] = rest / lead;
  }
  return weights;
}

/** @param releases all of a period, the oldest first; at least one. @param weights one per release. */
export function decodeTotal(releases: readonly WindowRelease[], weights: readonly number[]): DecodedTotal {
  const [first] = releases;
  const slots = first?.values ?? [];
  return {
    since: first?.windowStart ?? 0,
    amounts: slots.map((_, slot) =>
      releases.reduce((sum, { values }, row) => sum + (weights[row] ?? 0) * Number(values[slot] ?? 0n), 0),
    ),
    varianceFactor: weights.reduce((sum, weight) => sum + weight * weight, 0),
  };
}

/** `undefined` where a window was not released: what it held is in every later one and cannot be told apart. */
export function withoutGap(releases: readonly EarlierRelease[]): WindowRelease[] | undefined {
  const complete = releases.flatMap(({ windowStart, values }) =>
    values === undefined ? [] : [{ windowStart, values }],
  );
  return complete.length === releases.length ? complete : undefined;
}
