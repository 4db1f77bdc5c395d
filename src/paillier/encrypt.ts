/**
 * Encryption by the fixed base: c = (1 + m n) hs^alpha mod n^2 with alpha uniform in [0, 2^ceil(|n|/2)).
 * Every standard Paillier decryptor opens these ciphertexts.
 */
import { SMALL_COMB, type CombShape } from '../math/fixed-base-comb.js';
import { createGroupKernel, type FixedBase } from '../math/group-kernel.js';
import { mod } from '../math/modular.js';
import { joinSplit } from '../math/split-form.js';
import { randomBits, type RandomBytes } from '../random.js';
import { obfuscationBase, obfuscatorBits } from './obfuscation.js';
import type { PublicKey } from './public-key.js';

export class Encryptor {
  readonly key: PublicKey;
  readonly #base: FixedBase;

  /** Derives the base and builds its tables: about 0.1 s at 2048 bits. */
  constructor(key: PublicKey, shape: CombShape = SMALL_COMB) {
    this.key = key;
    const kernel = createGroupKernel(key.n);
    this.#base = kernel.fixedBase(obfuscationBase(key, kernel), obfuscatorBits(key), shape);
  }

  /** Encrypts an integer of any sign, taken modulo n. */
  encrypt(plaintext: bigint, random: RandomBytes): bigint {
    const { unit, omega } = this.#base.power(randomBits(random, obfuscatorBits(this.key)));
    const { n, nSquared } = this.key;
    return joinRaw(unit, mod(omega + plaintext, n), n, nSquared);
  }

  /** A fresh encryption of 0: multiplying by it re-randomises a ciphertext. */
  encryptZero(random: RandomBytes): bigint {
    return this.encrypt(0n, random);
  }
}

function joinRaw(unit: bigint, omega: bigint, n: bigint, nSquared: bigint): bigint {
  return (unit + joinSplit({ unit: unit % n, omega }, n) - (unit % n)) % nSquared;
}
