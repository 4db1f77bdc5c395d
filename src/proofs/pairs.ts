/**
 * Randomness computed ahead of time: exponents with their power of the fixed base. A record is
 * exponent || unit || omega, big-endian and of fixed width. SECRET and single-use: a record used for two
 * proofs reveals the sealed value, a record that leaks reveals it too.
 */
import { bigIntToBytes } from '../bytes.js';
import { SMALL_COMB, type CombShape } from '../math/fixed-base-comb.js';
import { createGroupKernel, type FixedBase, type GroupKernel } from '../math/group-kernel.js';
import { obfuscationBase, obfuscatorBits } from '../paillier/obfuscation.js';
import type { PublicKey } from '../paillier/public-key.js';
import { randomBits, type RandomBytes } from '../random.js';
import { maskBits, VERSION_1 } from './parameters.js';

/** `obfuscator`: alpha of a ciphertext. `mask`: gamma of one branch of a proof. */
export type PairKind = 'obfuscator' | 'mask';

export function exponentBytes(key: PublicKey, kind: PairKind, parameters = VERSION_1): number {
  return Math.ceil((kind === 'obfuscator' ? obfuscatorBits(key) : maskBits(key, parameters)) / 8);
}

/** Bytes of one record. */
export function pairBytes(key: PublicKey, kind: PairKind): number {
  return exponentBytes(key, kind) + 2 * key.modulusBytes;
}

export class PairComputer {
  readonly #key: PublicKey;
  readonly #base: FixedBase;

  /** Derives the base and builds its tables: some hundred milliseconds at 2048 bits. */
  constructor(key: PublicKey, shape: CombShape = SMALL_COMB, kernel: GroupKernel = createGroupKernel(key.n)) {
    this.#key = key;
    this.#base = kernel.fixedBase(obfuscationBase(key, kernel), maskBits(key), shape);
  }

  /** `count` fresh records back to back in an ArrayBuffer of their own, so that it can be transferred. */
  compute(kind: PairKind, count: number, random: RandomBytes): Uint8Array {
    const bits = kind === 'obfuscator' ? obfuscatorBits(this.#key) : maskBits(this.#key);
    const exponents = Array.from({ length: count }, () => randomBits(random, bits));
    const powers = this.#base.powers(exponents);
    const width = exponentBytes(this.#key, kind);
    const { modulusBytes } = this.#key;
    const out = new Uint8Array(count * pairBytes(this.#key, kind));
    let offset = 0;
    const append = (value: bigint, bytes: number): void => {
      out.set(bigIntToBytes(value, bytes), offset);
      offset += bytes;
    };
    powers.forEach(({ unit, omega }, index) => {
      append(exponents[index] ?? 0n, width);
      append(unit, modulusBytes);
      append(omega, modulusBytes);
    });
    return out;
  }
}
