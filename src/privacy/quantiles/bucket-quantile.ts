/**
 * Quantiles from buckets of noised counts, with an interval for what the noise leaves open: isotonic regression of the
 * cumulative counts, linear interpolation within a bucket. All of it is post-processing of public numbers.
 */
import { assertArgument } from '../../errors.js';
import { isotonicRegression } from './isotonic-regression.js';

export interface NoisedBuckets {
  /** Increasing; bucket i is (boundaries[i], boundaries[i + 1]]. One more than there are buckets. */
  readonly boundaries: readonly number[];
  /** Noised counts of values up to and including each bucket; the last is the noised total. */
  readonly cumulative: readonly number[];
  /** Standard deviations of the noise in them. */
  readonly stddevs: readonly number[];
}

export type Quantile =
  | { readonly kind: 'estimate'; readonly value: number; readonly low: number; readonly high: number }
  /** Too few values lie beyond the quantile, or so few that noise hides them. */
  | { readonly kind: 'insufficient' };

/** Values that must lie on the thinner side of a quantile: a p99 needs a total of 1000. */
const LEAST_BEYOND = 10;
/** 95 % of a normal distribution. */
const DEVIATIONS = 1.959964;

/** Cumulative counts of buckets that carry independent noise of one standard deviation. */
export function cumulate(boundaries: readonly number[], counts: readonly bigint[], stddev: number): NoisedBuckets {
  let sum = 0n;
  return {
    boundaries,
    cumulative: counts.map((count) => Number((sum += count))),
    stddevs: counts.map((_, index) => stddev * Math.sqrt(index + 1)),
  };
}

/**
 * The value below which a share `level` of all values lies, with a 95 % interval that covers the noise of the counts
 * (and neither sampling nor the widths of buckets). Throws `invalid_argument` for levels outside (0, 1) and for
 * lengths that do not match.
 */
export function quantileOf(buckets: NoisedBuckets, level: number): Quantile {
  assertArgument(level > 0 && level < 1, 'a quantile is not between 0 and 1', 'pass for example 0.99');
  assertBuckets(buckets);
  const { boundaries, cumulative, stddevs } = buckets;
  const total = cumulative.at(-1) ?? 0;
  const totalStddev = stddevs.at(-1) ?? 0;
  if (total * Math.min(level, 1 - level) < LEAST_BEYOND || total <= DEVIATIONS * totalStddev) {
    return { kind: 'insufficient' };
  }
  // What is compared is the count below against a share of the total, and both carry noise.
  const margins = stddevs.map((stddev) => DEVIATIONS * Math.hypot(stddev, level * totalStddev));
  const at = (shift: number): number => {
    const shifted = cumulative.map((count, index) => count + shift * (margins[index] ?? 0));
    return crossing(boundaries, isotonicRegression(shifted), level * total);
  };
  return { kind: 'estimate', value: at(0), low: at(1), high: at(-1) };
}

/** Where the piecewise linear curve through the cumulative counts reaches `rank`. */
function crossing(boundaries: readonly number[], cumulative: readonly number[], rank: number): number {
  const bucket = cumulative.findIndex((count) => count >= rank);
  if (bucket < 0) return boundaries.at(-1) ?? 0;
  const [from, to] = [boundaries[bucket] ?? 0, boundaries[bucket + 1] ?? 0];
  const [below, above] = [Math.max(0, cumulative[bucket - 1] ?? 0), cumulative[bucket] ?? 0];
  return below >= rank ? from : from + ((to - from) * (rank - below)) / (above - below);
}

function assertBuckets({ boundaries, cumulative, stddevs }: NoisedBuckets): void {
  const matching = cumulative.length >= 1 && boundaries.length === cumulative.length + 1;
  assertArgument(
    matching && stddevs.length === cumulative.length,
    'boundaries, counts and deviations do not match',
    'pass one boundary more than there are buckets',
  );
  const increasing = boundaries.every((edge, index) => index === 0 || edge > (boundaries[index - 1] ?? edge));
  assertArgument(increasing && boundaries.every(Number.isFinite), 'boundaries do not increase', 'sort finite numbers');
}
