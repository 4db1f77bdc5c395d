/**
 * The privacy loss of one kind of release, repeated: closed forms where they exist.
 *
 * Symbols: D the sensitivity, x the noise. Discrete Laplace of scale t: loss (D - 2x)/t for 0 < x < D, and the ends
 * D/t and -D/t with all the mass beyond. Discrete Gaussian: loss (D^2 - 2 D x)/(2 sigma^2). Both are symmetric: P and
 * Q exchanged give the same. A release of which only (epsilon, delta) is known loses no more than randomised response
 * that fails with probability delta (Kairouz, Oh, Viswanath, arXiv 1311.0776).
 */
import type { Rational } from '../../math/rational.js';
import { noiseLaw } from '../describe-noise.js';
import { gaussianProbabilities } from '../discrete-gaussian-law.js';
import { toDouble } from '../exact.js';
import type { DiscreteGaussian } from '../mechanism.js';
import { composeTimes } from './compose-losses.js';
import { trimmed, type LossDistribution } from './loss-distribution.js';
import type { ApproximateRelease, NoisedRelease } from './recorded-release.js';

/** Points of one release; more are gathered, each with the largest loss among them. */
const MAX_POINTS = 1 << 13;
/** Points of repeated Gaussian noise, which needs no convolution. */
const MAX_POINTS_OF_SUM = 1 << 17;
/** Of a probability from exp of an argument below 100, or from the difference of two tails. */
const RELATIVE_ERROR = 1e-13;
const RELATIVE_ERROR_OF_TAILS = 1e-9;
/** Standard deviations kept of a Gaussian, and what lies beyond them at most. */
const REACH = 10;
const BEYOND_REACH = 1e-23;
/** From here on, sums of discrete Gaussians are discrete Gaussians but for `SUM_ERROR` (arXiv 2102.06387). */
const ADDS_UP_FROM = 4;
const SUM_ERROR = 10 * Math.exp(-4 * Math.PI ** 2);

export function lossOf(release: NoisedRelease | ApproximateRelease): LossDistribution {
  if (release.kind === 'approximate') return responseLoss(release.epsilon, release.delta, release.times);
  const { mechanism, sensitivity, times } = release;
  if (mechanism.kind === 'discrete-gaussian') return gaussianLoss(mechanism, sensitivity, times);
  const { numerator, denominator } = mechanism.scale;
  if (sensitivity === 1n) return responseLoss({ numerator: denominator, denominator: numerator }, undefined, times);
  return composeTimes(laplaceLoss(mechanism.scale, sensitivity), times);
}

/** Randomised response of this epsilon, `times`: a binomial. Discrete Laplace noise of sensitivity 1 is the same. */
export function responseLoss(epsilon: Rational, delta: Rational | undefined, times: number): LossDistribution {
  const failure = delta === undefined ? 0 : toDouble(delta);
  const survives = Math.exp(times * Math.log1p(-failure));
  return trimmed({
    first: -BigInt(times) * epsilon.numerator,
    step: 2n * epsilon.numerator,
    denominator: epsilon.denominator,
    masses: binomial(times, toDouble(epsilon)).map((mass) => mass * survives),
    infinite: -Math.expm1(times * Math.log1p(-failure)),
    relativeError: RELATIVE_ERROR * (times + 1),
    rounded: false,
  });
}

/** P[i of k] with odds e^epsilon for each: outwards from the likeliest, so that nothing overflows. */
function binomial(k: number, epsilon: number): Float64Array {
  const weights = new Float64Array(k + 1);
  const against = Math.exp(-epsilon);
  const mode = Math.min(k, Math.floor((k + 1) / (1 + against)));
  weights[mode] = 1;
  for (let i = mode; i < k; i += 1) weights[i + 1] = ((weights[i] ?? 0) * (k - i)) / ((i + 1) * against);
  for (let i = mode; i > 0; i -= 1) weights[i - 1] = ((weights[i] ?? 0) * i * against) / (k - i + 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** One release: x below `width`, then `width` integers x at a time, each with the loss of the smallest. */
function laplaceLoss(scale: Rational, sensitivity: bigint): LossDistribution {
  const width = sensitivity / BigInt(MAX_POINTS) + 1n;
  const last = Number(sensitivity / width);
  const rate = 1 / toDouble(scale);
  const gap = rate * Number(width);
  const above = (index: number): number => Math.exp(-gap * index) / (1 + Math.exp(-rate));
  const masses = Float64Array.from({ length: last + 1 }, (_, index) => {
    if (index === 0) return 1 - above(1);
    return index === last ? above(last) : above(index) * -Math.expm1(-gap);
  });
  return {
    first: (sensitivity - 2n * BigInt(last) * width) * scale.denominator,
    step: 2n * width * scale.denominator,
    denominator: scale.numerator,
    masses: masses.reverse(),
    infinite: 0,
    relativeError: RELATIVE_ERROR,
    rounded: width > 1n,
  };
}

function gaussianLoss({ variance }: DiscreteGaussian, sensitivity: bigint, times: number): LossDistribution {
  const addsUp = times === 1 || toDouble(variance) >= ADDS_UP_FROM;
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
  const reach = Math.ceil(REACH * Math.sqrt(toDouble(variance)));
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
  const half = gaussianProbabilities(toDouble(variance));
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
