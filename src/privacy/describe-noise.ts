/**
 * What readers are told about the noise in a published value: its standard deviation and the half width
 * of its 95 % interval. The parameters are public, so doubles do here; no value is ever computed with them.
 */
import { assertArgument } from '../errors.js';
import { approximate } from '../math/rational.js';
import { discreteGaussianLaw } from './discrete-gaussian-law.js';
import { discreteLaplaceLaw } from './discrete-laplace-law.js';
import { mechanismOf, mechanismParameter, type Noise } from './mechanism.js';
import type { NoiseLaw, NoiseServers } from './noise-law.js';

export interface NoiseDescription {
  readonly stddev: number;
  /** Smallest integer m with P[-m <= noise <= m] >= 0.95. */
  readonly halfWidth95: number;
}

const OUTSIDE = 0.05;

/**
 * Standard deviation and interval of a value that carries this noise once or twice. `outside`: probability that the
 * noise exceeds the half width, by default 0.05. Throws `invalid_argument` for noise of size 0.
 */
export function describeNoise(noise: Noise, servers: NoiseServers, outside = OUTSIDE): NoiseDescription {
  const { variance, tail } = noiseLaw(noise, servers);
  return { stddev: Math.sqrt(variance), halfWidth95: smallestInteger((bound) => 2 * tail(bound) <= outside) };
}

/** The law itself, for thresholds and intervals of other kinds. Throws like `describeNoise`. */
export function noiseLaw(noise: Noise, servers: NoiseServers): NoiseLaw {
  const mechanism = mechanismOf(noise);
  const parameter = mechanismParameter(mechanism);
  assertArgument(parameter.numerator > 0n, 'the noise scale is not positive', 'declare a positive epsilon');
  const law = mechanism.kind === 'discrete-gaussian' ? discreteGaussianLaw : discreteLaplaceLaw;
  return law(approximate(parameter), servers);
}

/** Least non-negative integer for which a monotone condition holds: doubling, then bisection. */
export function smallestInteger(holds: (candidate: number) => boolean): number {
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
