/**
 * From zero-concentrated differential privacy to (epsilon, delta) and back, by the tight conversion
 *
 *   delta(rho, epsilon) = min over alpha > 1 of exp((alpha - 1)(alpha rho - epsilon)) / (alpha - 1) * (1 - 1/alpha)^alpha
 *
 * Reference: Canonne, Kamath, Steinke (arXiv 2004.00010), corollary 13. Every alpha gives a valid bound, so an
 * imperfect minimum is safe; doubles are made safe by a margin, and every result is rounded to the careful side.
 */
import { roundedDown, roundedUp } from '../math/doubles.js';
import { approximate, type Rational } from '../math/rational.js';
import { epsilonOf, positiveDeltaOf, positiveSum, type Quantity } from './quantity.js';

/** Far above the rounding of the few operations below. */
const MARGIN = 1e-9;
const STEPS = 200;

/** Least delta that rho-zCDP is known to give at this epsilon; never too small. */
export function deltaOfRho(rho: Quantity, epsilon: Quantity): number {
  return Math.min(1, Math.exp(logDelta(approximate(positiveSum(rho, 'rho')), approximate(epsilonOf(epsilon)))));
}

/** Least epsilon that rho-zCDP is known to give at this delta; never too small. Throws `invalid_argument`. */
export function epsilonOfRho(rho: Quantity, delta: Quantity): Rational {
  const exactRho = positiveSum(rho, 'rho');
  const [r, target] = [approximate(exactRho), Math.log(approximate(positiveDeltaOf(delta)))];
  // The simple bound rho + 2 sqrt(rho ln(1/delta)) of Bun and Steinke holds, so the tight one is below it.
  const most = r + 2 * Math.sqrt(-r * target);
  return roundedUp(turningPoint(0, most * (1 + MARGIN), (epsilon) => logDelta(r, epsilon) <= target));
}

/** Greatest rho whose zCDP gives (epsilon, delta); never too great. Throws `invalid_argument`. */
export function maxRho(epsilon: Quantity, delta: Quantity): Rational {
  const [e, target] = [approximate(epsilonOf(epsilon)), Math.log(approximate(positiveDeltaOf(delta)))];
  // At rho = epsilon the bound is vacuous for every delta that is worth declaring.
  const tooMuch = turningPoint(0, Math.max(1, 2 * e), (rho) => logDelta(rho, e) > target);
  return roundedDown(tooMuch * (1 - MARGIN));
}

function logDelta(rho: number, epsilon: number): number {
  const alpha = 1 + bestExcess(rho, epsilon);
  const excess = alpha - 1;
  return excess * (alpha * rho - epsilon) - Math.log(excess) + alpha * Math.log1p(-1 / alpha) + MARGIN;
}

/** alpha - 1 where the derivative (2 alpha - 1) rho - epsilon + ln(1 - 1/alpha) of the exponent changes its sign. */
function bestExcess(rho: number, epsilon: number): number {
  const most = (epsilon + 1) / (2 * rho) + 2;
  return turningPoint(0, most, (excess) => (2 * excess + 1) * rho - epsilon + Math.log(excess / (1 + excess)) >= 0);
}

/** The upper end of the last interval of a bisection: where a condition that is false below turns true. */
function turningPoint(low: number, high: number, holds: (value: number) => boolean): number {
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
