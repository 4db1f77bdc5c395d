/**
 * The two noises of this library, with their parameters: what a plan is calibrated to, a pool draws, a ledger
 * records and a published series is described by.
 */
import { assertArgument } from '../errors.js';
import { compareRational, formatRational, rational, type Rational } from '../math/rational.js';
import type { Coins } from './coins.js';
import { sampleDiscreteGaussian } from './discrete-gaussian.js';
import { sampleDiscreteLaplace } from './discrete-laplace.js';
import { positive, type Quantity } from './quantity.js';

/** P[X = x] proportional to exp(-|x| / scale). */
export interface DiscreteLaplace {
  readonly kind: 'discrete-laplace';
  readonly scale: Rational;
}

/** P[X = x] proportional to exp(-x^2 / (2 variance)). */
export interface DiscreteGaussian {
  readonly kind: 'discrete-gaussian';
  /** sigma^2. */
  readonly variance: Rational;
}

export type Mechanism = DiscreteLaplace | DiscreteGaussian;

/** A mechanism, or the scale of discrete Laplace noise. */
export type Noise = Mechanism | Rational;

/** Noise of a smaller scale hides nothing: one unit of difference would show with odds of e^100 or more. */
const MIN_SCALE = rational(1n, 100n);
const MIN_VARIANCE = rational(1n, 200n);
/** Far above the modulus of any key that a value could be encrypted under in a slot. */
const MAX_BITS = 240n;
const MAX_SCALE = rational(1n << (MAX_BITS / 2n), 1n);
const MAX_VARIANCE = rational(1n << MAX_BITS, 1n);

/** 1/100 <= scale <= 2^120. Throws `invalid_argument`. */
export function discreteLaplace(scale: Quantity): DiscreteLaplace {
  const exact = positive(scale, 'the noise scale');
  assertWithin(exact, MIN_SCALE, MAX_SCALE);
  return { kind: 'discrete-laplace', scale: exact };
}

/** 1/200 <= variance <= 2^240. Throws `invalid_argument`. */
export function discreteGaussian(variance: Quantity): DiscreteGaussian {
  const exact = positive(variance, 'the noise variance');
  assertWithin(exact, MIN_VARIANCE, MAX_VARIANCE);
  return { kind: 'discrete-gaussian', variance: exact };
}

/** One exact draw. Throws `randomness` where the generator fails. */
export function sampleNoise(coins: Coins, mechanism: Mechanism): bigint {
  return mechanism.kind === 'discrete-laplace'
    ? sampleDiscreteLaplace(coins, mechanism.scale)
    : sampleDiscreteGaussian(coins, mechanism.variance);
}

/** Unique text of a mechanism, for example "discrete-laplace 10/3". */
export function formatMechanism(mechanism: Mechanism): string {
  return `${mechanism.kind} ${formatRational(mechanismParameter(mechanism))}`;
}

export function mechanismOf(noise: Noise): Mechanism {
  return 'kind' in noise ? noise : { kind: 'discrete-laplace', scale: noise };
}

/** Scale or variance. */
export function mechanismParameter(mechanism: Mechanism): Rational {
  return mechanism.kind === 'discrete-laplace' ? mechanism.scale : mechanism.variance;
}

function assertWithin(value: Rational, least: Rational, most: Rational): void {
  assertArgument(
    compareRational(value, least) >= 0 && compareRational(value, most) <= 0,
    'the noise is so small that it hides nothing, or larger than any value',
    'check sensitivity and epsilon',
  );
}
