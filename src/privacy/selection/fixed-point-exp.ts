/**
 * e^x and e^-x as multiples of 2^-128 with a known direction of rounding, by Taylor's series on integers with 64
 * guard bits. For public parameters: the time depends on them.
 */
import type { Rational } from '../../math/rational.js';

const BITS = 128n;
const GUARD = 64n;
/** 1 as a fixed-point number. */
export const ONE = 1n << BITS;
const WIDE = ONE << GUARD;

/** Not above e^x * 2^128, and within 2^-100 of it, for 0 <= x <= 10. */
export function expDown(x: Rational): bigint {
  return seriesDown(x) >> GUARD;
}

/** Not below e^-x * 2^128, and within 2^-100 of it, for 0 <= x <= 10. */
export function negativeExpUp(x: Rational): bigint {
  return (ONE * WIDE) / seriesDown(x) + 1n;
}

/** Sum of x^k / k!, every term rounded down: all terms are positive, so the sum is too small. */
function seriesDown({ numerator, denominator }: Rational): bigint {
  let term = WIDE;
  let sum = 0n;
  for (let k = 1n; term > 0n; k += 1n) {
    sum += term;
    term = (term * numerator) / (denominator * k);
  }
  return sum;
}
