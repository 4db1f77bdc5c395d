/**
 * The discrete Laplace distribution of scale t: P[X = x] = (1 - p) / (1 + p) * p^|x|, p = exp(-1/t).
 * Added to an integer of sensitivity D it gives (D/t, 0)-differential privacy (Ghosh, Roughgarden,
 * Sundararajan, STOC 2009).
 *
 * Pre-condition: t = n/d is a positive rational. Post-condition: the distribution is exact, for every t.
 * Reference: Canonne, Kamath, Steinke (arXiv 2004.00010), Algorithm 2.
 * The running time depends on |X|: draw ahead of time (noise-pool.ts).
 */
import { assertArgument } from '../errors.js';
import type { Rational } from '../math/rational.js';
import type { Coins } from './coins.js';

/** One draw. Throws `invalid_argument` for scale 0 and `randomness` where the generator fails. */
export function sampleDiscreteLaplace(coins: Coins, scale: Rational): bigint {
  assertArgument(scale.numerator > 0n, 'the noise scale is not positive', 'declare a positive epsilon');
  for (;;) {
    const magnitude = geometricOver(coins, scale.numerator) / scale.denominator;
    const negative = coins.uniform(2n) === 1n;
    // Zero has one sign only: keeping -0 would make zero twice as likely as it should be.
    if (!negative) return magnitude;
    if (magnitude > 0n) return -magnitude;
  }
}

/** Geometric with P[G = g] proportional to exp(-g/n): the remainder by rejection, the quotient by counting. */
function geometricOver(coins: Coins, n: bigint): bigint {
  const remainder = remainderBelow(coins, n);
  let quotient = 0n;
  while (coins.bernoulliExp(1n, 1n)) quotient += 1n;
  return remainder + n * quotient;
}

/** u in {0, ..., n - 1} with P[u] proportional to exp(-u/n). */
function remainderBelow(coins: Coins, n: bigint): bigint {
  for (;;) {
    const candidate = coins.uniform(n);
    if (coins.bernoulliExp(candidate, n)) return candidate;
  }
}
