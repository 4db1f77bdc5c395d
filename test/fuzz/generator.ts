/** A seeded generator, so that a run can be repeated: xoshiro128** (Blackman, Vigna 2018). Never used for secrets. */

export class Generator {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    // SplitMix32, as the authors recommend for filling the state.
    let word = seed >>> 0;
    for (let index = 0; index < 4; index += 1) {
      word = (word + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      this.#state[index] = mixed ^ (mixed >>> 16);
    }
  }

  /** 32 bits. */
  next(): number {
    const state = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return result;
  }

  /** 0 up to, not including, `bound`. */
  below(bound: number): number {
    return Math.floor((this.next() / 2 ** 32) * bound);
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
