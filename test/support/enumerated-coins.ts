/**
 * Coins whose choices are enumerated, the exp(-gamma) coin by its own law, for samplers that start again from the
 * beginning when they reject: such a run is cut there, because what follows repeats the whole.
 */
import type { Coins } from '../../src/privacy/index.js';
import { enumerate, type Choose } from './enumerate.js';

const TOLERANCE = 2 ** -40;
/** Outcome of a run that was cut where it would start again. */
const AGAIN = 'again';
class StartsAgain extends Error {}

/** Whether the sampler's law, given that it does not start again, is another than `law`. */
export function deviates(sampler: (coins: Coins) => bigint, law: (value: number) => number, reach = 10): boolean {
  const { mass, open } = enumerate<number | typeof AGAIN>((choose) => {
    try {
      return Number(sampler(enumeratedCoins(choose)));
    } catch (error) {
      if (error instanceof StartsAgain) return AGAIN;
      throw error;
    }
  }, TOLERANCE);
  const finished = 1 - (mass.get(AGAIN) ?? 0);
  return Array.from({ length: 2 * reach + 1 }, (_, index) => index - reach).some(
    (value) => Math.abs((mass.get(value) ?? 0) / finished - law(value)) > (2 * open) / finished + 1e-14,
  );
}

/**
 * A draw of uniform integers starts the sampler, and the first one after a failed exp(-1) coin is the sign that ends
 * it. Any other means that everything so far was rejected.
 */
export function enumeratedCoins(choose: Choose): Coins {
  let expected: 'start' | 'sign' | undefined = 'start';
  return {
    uniform: (bound) => {
      if (expected === undefined) throw new StartsAgain();
      expected = undefined;
      return BigInt(choose(new Array<number>(Number(bound)).fill(1 / Number(bound))));
    },
    bernoulliExp: (numerator, denominator) => {
      const probability = Math.exp(-Number(numerator) / Number(denominator));
      const heads = choose([1 - probability, probability]) === 1;
      if (!heads && numerator === 1n && denominator === 1n) expected = 'sign';
      return heads;
    },
  };
}
