/**
 * The integer square-root mechanism for period-to-date counters. With A the matrix of prefix sums, A = C C for the
 * lower triangular Toeplitz matrix C of f_0 = 1, f_k = f_(k-1) (1 - 1/(2k)); noise goes between the two factors.
 * Released is the integer w_t = (C~ x)_t + z_t with C~ = round(2^s C), so that integer noise covers all of it: under a
 * rational C the fractional part of C x would survive the noise.
 *
 * Reference: Fichtenberger, Henzinger, Upadhyay (arXiv 2202.11205); f_k = binomial(2k, k) / 4^k.
 */
import { assertArgument } from '../../errors.js';

/** Within 0.1 % of the ideal at 1440 windows. */
export const DEFAULT_SCALE_BITS = 8;
/** A year of hours, or a week of minutes. */
const MAX_WINDOWS = 10_080;
const MAX_SCALE_BITS = 64;

/**
 * c~_0, ..., c~_(windows - 1), all positive and non-increasing, c~_0 = 2^scaleBits. Throws `invalid_argument` for
 * fewer than 1 or more than 10,080 windows, or for more than 64 bits.
 */
export function squareRootCoefficients(windows: number, scaleBits = DEFAULT_SCALE_BITS): bigint[] {
  assertRange(windows, MAX_WINDOWS, 'the number of windows');
  assertRange(scaleBits, MAX_SCALE_BITS, 'the scale in bits');
  const doubled = 1n << BigInt(scaleBits + 1);
  let [binomial, power] = [1n, 1n];
  return Array.from({ length: windows }, (_, index) => {
    const k = BigInt(index);
    if (index > 0) {
      binomial = (binomial * 2n * (2n * k - 1n)) / k;
      power *= 4n;
    }
    return (doubled * binomial + power) / (2n * power);
  });
}

/**
 * S, the squared length of what one unit changes in all releases of a period if it adds 1 in one window: the cost is
 * rho = S / (2 sigma^2). With `touches` windows of 1 each, at least `separation` apart, it is the worst case, which for
 * coefficients that are not negative and do not increase is the first windows (arXiv 2405.13763). Throws
 * `invalid_argument`.
 */
export function squaredSensitivity(coefficients: readonly bigint[], touches = 1, separation = 1): bigint {
  assertRange(touches, coefficients.length, 'the number of windows touched');
  assertRange(separation, Number.MAX_SAFE_INTEGER, 'the separation');
  assertArgument((touches - 1) * separation < coefficients.length, 'they do not fit into the period', 'touch fewer');
  let sum = 0n;
  for (let row = 0; row < coefficients.length; row += 1) {
    let change = 0n;
    for (let touch = 0; touch < touches; touch += 1) change += coefficients[row - touch * separation] ?? 0n;
    sum += change * change;
  }
  return sum;
}

function assertRange(value: number, most: number, name: string): void {
  assertArgument(
    Number.isSafeInteger(value) && value >= 1 && value <= most,
    `${name} is not a whole number from 1 to ${String(most)}`,
    'pass one in that range',
  );
}
