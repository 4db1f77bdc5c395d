/**
 * Exact coins: heads with a rational probability, and with probability exp(-gamma) for a rational gamma.
 *
 * Reference: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy"
 * (arXiv 2004.00010), Algorithm 1. Integers only; no logarithm, no rounding.
 * Parameters are numerator / denominator without reduction, because a greatest common divisor in every
 * flip would cost more than the flip.
 */
import { assertArgument } from '../errors.js';
import type { UniformSource } from './uniform-source.js';

/** A coin: true with probability numerator / denominator. */
export type Flip = (numerator: bigint, denominator: bigint) => boolean;

/** True with probability numerator / denominator, 0 <= numerator <= denominator, denominator > 0. */
export function bernoulli(source: UniformSource, numerator: bigint, denominator: bigint): boolean {
  assertArgument(
    numerator >= 0n && numerator <= denominator,
    'a probability is not in [0, 1]',
    'pass 0 <= numerator <= denominator',
  );
  return source.uniform(denominator) < numerator;
}

/** True with probability exp(-numerator / denominator), numerator >= 0, denominator > 0. */
export function bernoulliExp(flip: Flip, numerator: bigint, denominator: bigint): boolean {
  assertArgument(
    numerator >= 0n && denominator > 0n,
    'an exponent is negative',
    'pass numerator >= 0, denominator > 0',
  );
  const whole = numerator / denominator;
  for (let unit = 0n; unit < whole; unit += 1n) {
    if (!bernoulliExpOfFraction(flip, 1n, 1n)) return false;
  }
  return bernoulliExpOfFraction(flip, numerator % denominator, denominator);
}

/**
 * gamma in [0, 1]: flip coins of probability gamma/1, gamma/2, gamma/3, ... until one fails; the number of
 * flips is odd with probability 1 - gamma + gamma^2/2! - ... = exp(-gamma).
 */
function bernoulliExpOfFraction(flip: Flip, numerator: bigint, denominator: bigint): boolean {
  let flips = 1n;
  while (flip(numerator, denominator * flips)) flips += 1n;
  return flips % 2n === 1n;
}
