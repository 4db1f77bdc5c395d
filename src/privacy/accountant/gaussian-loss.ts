/**
 * The privacy loss of discrete Gaussian noise, repeated. With D the sensitivity and x the noise it is
 * (D^2 - 2 D x)/(2 sigma^2), so that of many it depends on the sum of their noises only. P and Q exchanged give the
 * same by symmetry.
 */
import { approximate, type Rational } from '../../math/rational.js';
import { noiseLaw } from '../describe-noise.js';
import { ADDS_UP_FROM, gaussianProbabilities } from '../discrete-gaussian-law.js';
import { composeTimes } from './compose-losses.js';
import { trimmed, type LossDistribution } from './loss-distribution.js';

/** More points are gathered, each with the largest loss among them: of one release, which may be convolved, of a sum. */
const MAX_POINTS = 1 << 15;
const MAX_POINTS_OF_SUM = 1 << 17;
/** Of a probability from exp of an argument below 100, and from the difference of two tails. */
const RELATIVE_ERROR = 1e-13;
const RELATIVE_ERROR_OF_TAILS = 1e-9;
/** Standard deviations kept of a Gaussian, and what lies beyond them at most. */
const REACH = 10;
const BEYOND_REACH = 1e-23;
/** Of a sum of discrete Gaussians taken for a discrete Gaussian, from `ADDS_UP_FROM` on (arXiv 2102.06387). */
const SUM_ERROR = 10 * Math.exp(-4 * Math.PI ** 2);

/** Of `times` independent releases. */
export function gaussianLoss(variance: Rational, sensitivity: bigint, times: number): LossDistribution {
  const addsUp = times === 1 || approximate(variance) >= ADDS_UP_FROM;
  return addsUp
    ? gaussianSum(variance, sensitivity, times)
    : composeTimes(gaussianSum(variance, sensitivity, 1), times);
}

/**
 * `times` releases with noises x_1, x_2, ...: the loss (times D^2 - 2 D y)/(2 sigma^2) depends on their sum y only,
 * taken `width` integers at a time, each with the loss of the smallest.
 */
function gaussianSum({ numerator, denominator }: Rational, sensitivity: bigint, times: number): LossDistribution {
  const count = BigInt(times);
  const variance = { numerator: numerator * count, denominator };
  const reach = Math.ceil(REACH * Math.sqrt(approximate(variance)));
  const width = Math.floor((2 * reach) / (times === 1 ? MAX_POINTS : MAX_POINTS_OF_SUM)) + 1;
  const points = Math.floor((2 * reach) / width) + 1;
  const masses = width === 1 ? pointMasses(variance, reach) : gatheredMasses(variance, { reach, width, points });
  // From the smallest loss on, so from the largest y.
  const largestY = BigInt(points - 1) * BigInt(width) - BigInt(reach);
  return trimmed({
    first: (count * sensitivity * sensitivity - 2n * sensitivity * largestY) * denominator,
    step: 2n * sensitivity * BigInt(width) * denominator,
    denominator: 2n * numerator,
    masses: masses.reverse(),
    infinite: BEYOND_REACH,
    relativeError: (width === 1 ? RELATIVE_ERROR : RELATIVE_ERROR_OF_TAILS) + (times - 1) * SUM_ERROR,
    rounded: width > 1,
  });
}

/** P[y] for -reach <= y <= reach. */
function pointMasses(variance: Rational, reach: number): Float64Array {
  const half = gaussianProbabilities(approximate(variance));
  return Float64Array.from({ length: 2 * reach + 1 }, (_, index) => half[Math.abs(index - reach)] ?? 0);
}

/** P of `width` integers at a time from -reach on; the last takes all that are above. */
function gatheredMasses(
  variance: Rational,
  { reach, width, points }: { readonly reach: number; readonly width: number; readonly points: number },
): Float64Array {
  const { tail } = noiseLaw({ kind: 'discrete-gaussian', variance }, 1);
  // P[y >= from], and the same by symmetry where that is near 1.
  const above = (from: number): number => (from > 0 ? tail(from - 1) : 1 - tail(-from));
  const between = (from: number, to: number): number => (to <= 0 ? tail(-to) - tail(-from) : above(from) - above(to));
  return Float64Array.from({ length: points }, (_, index) => {
    const from = index * width - reach;
    return index === points - 1 ? above(from) : between(from, from + width);
  });
}
