/**
 * Noise drawn ahead of time. The time a draw takes depends on its size (Jin, McMurtry, Rubinstein,
 * Ohrimenko, IEEE S&P 2022), so it must not happen between a request and its answer. Draws live in memory
 * only, each is handed out once and forgotten, and a restart discards them.
 */
import type { RandomBytes } from '../random.js';
import { coinsFrom, type Coins } from './coins.js';
import { formatMechanism, mechanismOf, sampleNoise, type Mechanism, type Noise } from './mechanism.js';
import { SecureBits } from './secure-bits.js';

interface Stock {
  readonly mechanism: Mechanism;
  readonly draws: bigint[];
}

export class NoisePool {
  readonly #coins: Coins;
  readonly #stocks = new Map<string, Stock>();

  constructor(random: RandomBytes) {
    this.#coins = coinsFrom(new SecureBits(random));
  }

  /** Draws until at least `count` values of this noise are held. Throws `randomness`. */
  prepare(noise: Noise, count: number): void {
    const { mechanism, draws } = this.#stockOf(noise);
    while (draws.length < count) draws.push(sampleNoise(this.#coins, mechanism));
  }

  /** Values of this noise that are held. */
  held(noise: Noise): number {
    return this.#stockOf(noise).draws.length;
  }

  /** Hands out one value for ever; draws on the spot where none is held. Throws `randomness`. */
  take(noise: Noise): bigint {
    const { mechanism, draws } = this.#stockOf(noise);
    return draws.pop() ?? sampleNoise(this.#coins, mechanism);
  }

  #stockOf(noise: Noise): Stock {
    const mechanism = mechanismOf(noise);
    const key = formatMechanism(mechanism);
    const stock = this.#stocks.get(key) ?? { mechanism, draws: [] };
    this.#stocks.set(key, stock);
    return stock;
  }
}
