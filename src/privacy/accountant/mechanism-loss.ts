/**
 * The privacy loss of a recorded release, with all its repetitions. Discrete Laplace noise x of scale t on a value that
 * changes by D: loss (D - 2x)/t for 0 < x < D, and D/t and -D/t with all the mass below and above. P and Q exchanged
 * give the same by symmetry.
 */
import { approximate, ZERO, type Rational } from '../../math/rational.js';
import { composeTimes } from './compose-losses.js';
import { gaussianLoss } from './gaussian-loss.js';
import type { LossDistribution } from './loss-distribution.js';
import type { ApproximateRelease, NoisedRelease } from './recorded-release.js';
import { responseLoss } from './response-loss.js';

/** More points are gathered, each with the largest loss among them. */
const MAX_POINTS = 1n << 15n;
/** Of a probability from exp of an argument below 100. */
const RELATIVE_ERROR = 1e-13;

export function lossOf(release: NoisedRelease | ApproximateRelease): LossDistribution {
  if (release.kind === 'approximate') return responseLoss(release.epsilon, release.delta, release.times);
  const { mechanism, sensitivity, times } = release;
  if (mechanism.kind === 'discrete-gaussian') return gaussianLoss(mechanism.variance, sensitivity, times);
  const { numerator, denominator } = mechanism.scale;
  // Without a loss between the two ends it is randomised response of epsilon 1/t.
  if (sensitivity === 1n) return responseLoss({ numerator: denominator, denominator: numerator }, ZERO, times);
  return composeTimes(laplaceLoss(mechanism.scale, sensitivity), times);
}

/** One release: x below `width`, then `width` integers x at a time, each with the loss of the smallest. */
function laplaceLoss(scale: Rational, sensitivity: bigint): LossDistribution {
  const width = sensitivity / MAX_POINTS + 1n;
  const last = Number(sensitivity / width);
  const rate = 1 / approximate(scale);
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
