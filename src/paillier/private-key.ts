/**
 * Paillier's private key. SECRET: only the key holder and the key owner's tools may import this file.
 * Decryption by the Chinese remainder theorem (Paillier 1999, section 7) with blinded exponents.
 */
import { inspect } from 'node:util';
import { bitLength } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { gcd, mod, modInverse, modPow } from '../math/modular.js';
import { isProbablePrime } from '../math/primes.js';
import { randomBits, systemRandom, type RandomBytes } from '../random.js';
import { isCiphertext } from './ciphertext.js';
import { PublicKey, type PublicKeyOptions } from './public-key.js';
import { createSecretPower, type SecretPower } from './secret-power.js';

/** One half of the decryption: everything modulo one prime and its square. */
interface PrimePart {
  readonly prime: bigint;
  readonly square: bigint;
  /** Powers modulo the square. */
  readonly power: SecretPower;
  /** ((1 + n)^(prime - 1) mod prime^2 - 1) / prime, inverted mod prime. */
  readonly scale: bigint;
}

/** Bits of the factor that blinds an exponent. */
const BLINDING_BITS = 64;

export class PrivateKey {
  readonly publicKey: PublicKey;
  readonly #p: PrimePart;
  readonly #q: PrimePart;
  readonly #qInverse: bigint;

  private constructor(publicKey: PublicKey, p: bigint, q: bigint) {
    this.publicKey = publicKey;
    this.#p = primePart(p, publicKey.n);
    this.#q = primePart(q, publicKey.n);
    this.#qInverse = modInverse(q, p);
  }

  /**
   * Checks that both are prime, of equal length or one bit apart, and that gcd(n, phi(n)) = 1.
   * Throws `invalid_key` naming the fault, never a value.
   */
  static fromPrimes(p: bigint, q: bigint, options: PublicKeyOptions = {}): PrivateKey {
    const fault = faultOf(p, q);
    if (fault !== undefined) {
      throw new TelemetryKitError('invalid_key', `the private key is not valid: ${fault}`, {
        fix: 'restore the key from its backup, or generate a new one',
      });
    }
    return new PrivateKey(PublicKey.fromModulus(p * q, options), p, q);
  }

  /**
   * The plaintext in [0, n). Throws `invalid_argument` outside Z*_{n^2}. Exponents are blinded with fresh
   * 64-bit factors: BigInt is not constant-time.
   */
  decrypt(ciphertext: bigint, random: RandomBytes): bigint {
    if (!isCiphertext(this.publicKey, ciphertext)) {
      throw new TelemetryKitError('invalid_argument', 'not a Paillier ciphertext under this key', {
        fix: 'pass a unit of Z_{n^2} under the key with this id',
      });
    }
    const p = residue(ciphertext, this.#p, random);
    const q = residue(ciphertext, this.#q, random);
    return q + this.#q.prime * mod((p - q) * this.#qInverse, this.#p.prime);
  }

  /** SECRET: for sealing the key at rest, for the owner's export and for keys that are derived from it only. */
  exportPrimes(): { readonly p: bigint; readonly q: bigint } {
    return { p: this.#p.prime, q: this.#q.prime };
  }

  toJSON(): { readonly kid: string } {
    return { kid: this.publicKey.kid };
  }

  [inspect.custom](): string {
    return `PrivateKey { kid: ${this.publicKey.kid}, private: [redacted] }`;
  }
}

function faultOf(p: bigint, q: bigint): string | undefined {
  if (p === q) return 'the primes are equal';
  if (Math.abs(bitLength(p) - bitLength(q)) > 1) return 'the primes differ in length';
  if (!isProbablePrime(p, systemRandom) || !isProbablePrime(q, systemRandom)) return 'a factor is not prime';
  return gcd(p * q, (p - 1n) * (q - 1n)) === 1n ? undefined : 'n and phi(n) share a factor';
}

function primePart(prime: bigint, n: bigint): PrimePart {
  const square = prime * prime;
  const log = (modPow(1n + n, prime - 1n, square) - 1n) / prime;
  const power = createSecretPower(square, bitLength(prime) + BLINDING_BITS, systemRandom);
  return { prime, square, power, scale: modInverse(log, prime) };
}

/** Plaintext modulo the prime: L(c^(k (prime - 1))) / k, scaled. */
function residue(ciphertext: bigint, { prime, square, power, scale }: PrimePart, random: RandomBytes): bigint {
  const blind = randomBits(random, BLINDING_BITS) | 1n;
  const raised = power(ciphertext % square, blind * (prime - 1n));
  return mod(((raised - 1n) / prime) * scale * modInverse(blind, prime), prime);
}
