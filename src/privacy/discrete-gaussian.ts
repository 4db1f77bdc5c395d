/**
 * The discrete Gaussian distribution of parameter sigma^2: P[X = x] proportional to exp(-x^2 / (2 sigma^2)).
 * Added to integers whose vector changes by at most D in the Euclidean norm it gives D^2 / (2 sigma^2)-zCDP.
 *
 * Pre-condition: sigma^2 = n/d is a positive rational. Post-condition: the distribution is exact, for every
 * sigma^2; its variance is slightly less than sigma^2.
 * Reference: Canonne, Kamath, Steinke (arXiv 2004.00010), Algorithm 3: a discrete Laplace candidate of scale
 * t = floor(sigma) + 1, accepted with probability exp(-(|y| - sigma^2/t)^2 / (2 sigma^2)).
 * The running time depends on |X|: draw ahead of time (noise-pool.ts).
 */
import { assertArgument } from '../errors.js';
import { integerRoot } from '../math/integer-root.js';
import type { Rational } from '../math/rational.js';
import type { Coins } from './coins.js';
import { sampleDiscreteLaplace } from './discrete-laplace.js';

/** One draw. Throws `invalid_argument` for variance 0 and `randomness` where the generator fails. */
export function sampleDiscreteGaussian(coins: Coins, variance: Rational): bigint {
  const { numerator: n, denominator: d } = variance;
  assertArgument(n > 0n, 'the noise variance is not positive', 'declare a positive epsilon');
  const t = integerRoot(n / d, 2) + 1n;
  const scale = { numerator: t, denominator: 1n };
  const step = d * t;
  // (|y| - n/(d t))^2 / (2 n/d), over one denominator.
  const denominator = 2n * n * step * t;
  for (;;) {
    const candidate = sampleDiscreteLaplace(coins, scale);
    const distance = (candidate < 0n ? -candidate : candidate) * step - n;
    if (coins.bernoulliExp(distance * distance, denominator)) return candidate;
  }
}
