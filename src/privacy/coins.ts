/** What the samplers draw from: uniform integers and exp(-gamma) coins. */
import { bernoulli, bernoulliExp, type Flip } from './bernoulli.js';
import type { UniformSource } from './uniform-source.js';

export interface Coins extends UniformSource {
  /** True with probability exp(-numerator / denominator). */
  bernoulliExp(numerator: bigint, denominator: bigint): boolean;
}

/** Both from one source of uniform integers. */
export function coinsFrom(source: UniformSource): Coins {
  const flip: Flip = (numerator, denominator) => bernoulli(source, numerator, denominator);
  return {
    uniform: (bound) => source.uniform(bound),
    bernoulliExp: (numerator, denominator) => bernoulliExp(flip, numerator, denominator),
  };
}
