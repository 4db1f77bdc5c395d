/**
 * Uniform integers from a cryptographically secure generator, fetched in blocks: a draw of noise takes
 * some tens of bits, and one call to the system for each would cost more than the arithmetic.
 * Rejection, so no modulo bias. A failing generator fails the draw: there is no other source.
 */
import { bitLength } from '../bytes.js';
import { assertArgument, TelemetryKitError } from '../errors.js';
import type { RandomBytes } from '../random.js';
import type { UniformSource } from './uniform-source.js';

const BLOCK_BYTES = 4096;
/** Bits handed out at a time: the accumulator, less than 16 bits left over and 16 new, stays a small integer. */
const CHUNK_BITS = 16;
/** Bits gathered in a double, exactly, before they become a bigint: every bigint on the way is garbage to collect. */
const WORD_BITS = 48;
const WORD_BOUND = 1n << BigInt(WORD_BITS);

export class SecureBits implements UniformSource {
  readonly #random: RandomBytes;
  #block: Uint8Array = new Uint8Array(0);
  #position = 0;
  #accumulator = 0;
  #available = 0;

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  /** Uniform in [0, 2^count), `count` >= 0. */
  bits(count: number): bigint {
    if (count <= WORD_BITS) return BigInt(this.#word(count));
    let value = BigInt(this.#word(WORD_BITS));
    let missing = count - WORD_BITS;
    for (; missing > WORD_BITS; missing -= WORD_BITS) {
      value = (value << BigInt(WORD_BITS)) | BigInt(this.#word(WORD_BITS));
    }
    return (value << BigInt(missing)) | BigInt(this.#word(missing));
  }

  uniform(bound: bigint): bigint {
    assertArgument(bound > 0n, 'the bound of a uniform draw is not positive', 'pass 1 or more');
    return bound <= WORD_BOUND ? BigInt(this.#uniformWord(Number(bound))) : this.#uniformLarge(bound);
  }

  /** 1 <= bound <= 2^48. */
  #uniformWord(bound: number): number {
    const count = wordLength(bound - 1);
    for (;;) {
      const candidate = this.#word(count);
      if (candidate < bound) return candidate;
    }
  }

  #uniformLarge(bound: bigint): bigint {
    const count = bitLength(bound - 1n);
    for (;;) {
      const candidate = this.bits(count);
      if (candidate < bound) return candidate;
    }
  }

  /** Uniform in [0, 2^count), 0 <= count <= 48. */
  #word(count: number): number {
    let value = 0;
    let missing = count;
    for (; missing > CHUNK_BITS; missing -= CHUNK_BITS) value = value * 2 ** CHUNK_BITS + this.#chunk(CHUNK_BITS);
    return value * 2 ** missing + this.#chunk(missing);
  }

  /** Uniform in [0, 2^count), 0 <= count <= 16. */
  #chunk(count: number): number {
    if (this.#available < count) {
      this.#accumulator |= ((this.#nextByte() << 8) | this.#nextByte()) << this.#available;
      this.#available += CHUNK_BITS;
    }
    const value = this.#accumulator & ((1 << count) - 1);
    this.#accumulator >>>= count;
    this.#available -= count;
    return value;
  }

  /** Bytes are erased as they are used, so that memory never holds the randomness of a past draw. */
  #nextByte(): number {
    if (this.#position === this.#block.length) this.#refill();
    const byte = this.#block[this.#position] ?? 0;
    this.#block[this.#position] = 0;
    this.#position += 1;
    return byte;
  }

  #refill(): void {
    const block = this.#random(BLOCK_BYTES);
    if (block.length !== BLOCK_BYTES) {
      throw new TelemetryKitError('randomness', 'the random generator returned too few bytes', {
        fix: 'check the host: nothing can be released without secure randomness',
      });
    }
    this.#block = block;
    this.#position = 0;
  }
}

/** Bits of an integer below 2^48; 0 has none. */
function wordLength(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(value);
}
