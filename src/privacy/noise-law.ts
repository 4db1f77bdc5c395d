/**
 * What readers are told about the noise in a published value: its standard deviation and the half width
 * of its 95 % interval. The parameters are public, so doubles do here; no value is ever computed with them.
 *
 * Symbols: p = exp(-1/t). One draw: P[X > m] = p^(m+1) / (1 + p). The sum of two independent draws:
 * P[S = s] = ((1-p)/(1+p))^2 * p^s * (s + 1 + 2p^2/(1-p^2)) for s >= 0, symmetric.
 */
import { approximate, type Rational } from '../math/rational.js';
import { assertArgument } from '../errors.js';

/** How many full, independent noises a value carries: the key holder's, and the receiver's where it adds one. */
export type NoiseServers = 1 | 2;

export interface NoiseDescription {
  readonly stddev: number;
  /** Smallest integer m with P[-m <= noise <= m] >= 0.95. */
  readonly halfWidth95: number;
}

const OUTSIDE = 0.05;

/**
 * `outside`: probability that the noise exceeds the half width, by default 0.05. Throws `invalid_argument` for
 * scale 0.
 */
export function describeNoise(scale: Rational, servers: NoiseServers, outside = OUTSIDE): NoiseDescription {
  assertArgument(scale.numerator > 0n, 'the noise scale is not positive', 'declare a positive epsilon');
  const law = discreteLaplaceLaw(approximate(scale));
  const tail = servers === 1 ? oneSidedTail : oneSidedTailOfTwo;
  return {
    stddev: Math.sqrt((servers * 2 * law.p) / law.complement ** 2),
    halfWidth95: smallest((bound) => 2 * tail(law, bound) <= outside),
  };
}

interface Law {
  /** 1/t, so that p^k = exp(-k/t) where p itself would round to 1. */
  readonly rate: number;
  readonly p: number;
  /** 1 - p, without the cancellation that a subtraction would suffer at large scales. */
  readonly complement: number;
}

function discreteLaplaceLaw(scale: number): Law {
  return { rate: 1 / scale, p: Math.exp(-1 / scale), complement: -Math.expm1(-1 / scale) };
}

function oneSidedTail({ rate, p }: Law, bound: number): number {
  return Math.exp(-rate * (bound + 1)) / (1 + p);
}

/** Sum of P[S = s] over s >= a = bound + 1: a geometric series and its derivative. */
function oneSidedTailOfTwo({ rate, p, complement }: Law, bound: number): number {
  const constant = (2 * p * p) / (complement * (1 + p));
  const series = (bound + 2 + constant) / complement + p / complement ** 2;
  return (complement / (1 + p)) ** 2 * Math.exp(-rate * (bound + 1)) * series;
}

/** Least non-negative integer for which a monotone condition holds: doubling, then bisection. */
function smallest(holds: (candidate: number) => boolean): number {
  if (holds(0)) return 0;
  let high = 1;
  while (!holds(high)) high *= 2;
  let low = high / 2;
  for (;;) {
    const middle = Math.floor((low + high) / 2);
    // Beyond 2^53 doubles are further apart than 1: neighbours are as close as it gets.
    if (middle <= low || middle >= high) return high;
    if (holds(middle)) high = middle;
    else low = middle;
  }
}
