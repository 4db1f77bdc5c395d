/**
 * Noise drawn ahead of time. The time a draw takes depends on its size (Jin, McMurtry, Rubinstein,
 * Ohrimenko, IEEE S&P 2022), so it must not happen between a request and its answer. Draws live in memory
 * only, each is handed out once and forgotten, and a restart discards them.
 */
import { formatRational, type Rational } from '../math/rational.js';
import type { RandomBytes } from '../random.js';
import { coinsFrom, type Coins } from './coins.js';
import { sampleDiscreteLaplace } from './discrete-laplace.js';
import { SecureBits } from './secure-bits.js';

export class NoisePool {
  readonly #coins: Coins;
  /** Draws by scale, written as a fraction. */
  readonly #draws = new Map<string, bigint[]>();

  constructor(random: RandomBytes) {
    this.#coins = coinsFrom(new SecureBits(random));
  }

  /** Draws until at least `count` values of this scale are held. Throws `randomness`. */
  prepare(scale: Rational, count: number): void {
    const draws = this.#drawsOf(scale);
    while (draws.length < count) draws.push(sampleDiscreteLaplace(this.#coins, scale));
  }

  /** Values of this scale that are held. */
  held(scale: Rational): number {
    return this.#drawsOf(scale).length;
  }

  /** Hands out one value for ever; draws on the spot where none is held. Throws `randomness`. */
  take(scale: Rational): bigint {
    return this.#drawsOf(scale).pop() ?? sampleDiscreteLaplace(this.#coins, scale);
  }

  #drawsOf(scale: Rational): bigint[] {
    const key = formatRational(scale);
    const draws = this.#draws.get(key) ?? [];
    this.#draws.set(key, draws);
    return draws;
  }
}
