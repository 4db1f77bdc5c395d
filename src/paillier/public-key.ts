/**
 * Paillier's public key (P. Paillier, EUROCRYPT '99) with g = n + 1: the modulus alone.
 */
import { bigIntToBytes, bitLength, toBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { sha256 } from '../sha256.js';
import { isPerfectPower, passesMillerRabin, smallFactor } from '../math/primes.js';

export const KEY_SIZES = [2048, 3072, 4096] as const;
export type KeySize = (typeof KEY_SIZES)[number];

export interface PublicKeyOptions {
  /** Accepts moduli of any even size from 256 bits: insecure, for tests only. */
  readonly allowTestSize?: boolean;
}

/** All that the size of an encoding depends on. */
export type ModulusSize = Pick<PublicKey, 'bits' | 'modulusBytes'>;

/** Of moduli of this many bits, without one at hand. */
export function modulusSize(bits: KeySize): ModulusSize {
  return { bits, modulusBytes: bits / 8 };
}

export class PublicKey {
  readonly n: bigint;
  readonly nSquared: bigint;
  /** Exact length of n. */
  readonly bits: number;
  readonly modulusBytes: number;
  /** n, big-endian, in `modulusBytes` bytes. */
  readonly modulus: Uint8Array;
  /** The 32 bytes of the key id. */
  readonly kidBytes: Uint8Array;
  /** Key id: SHA-256 of the big-endian modulus, base64url, 43 characters. */
  readonly kid: string;

  private constructor(n: bigint) {
    this.n = n;
    this.nSquared = n * n;
    this.bits = bitLength(n);
    this.modulusBytes = Math.ceil(this.bits / 8);
    this.modulus = bigIntToBytes(n, this.modulusBytes);
    this.kidBytes = sha256(this.modulus);
    this.kid = toBase64Url(this.kidBytes);
  }

  /**
   * Checks what anyone can check: exact size, odd, no factor below 2^20, neither prime nor a perfect power.
   * That n has no prime factor below 2^128, on which the soundness of proofs rests, only its maker knows.
   * Throws `invalid_key` naming the fault.
   */
  static fromModulus(n: bigint, options: PublicKeyOptions = {}): PublicKey {
    const fault = faultOf(n, options.allowTestSize === true);
    if (fault !== undefined) {
      throw new TelemetryKitError('invalid_key', `the Paillier modulus ${fault}`, {
        fix: 'use a key made by `telemetry-kit keys generate` or by another Paillier library with g = n + 1',
      });
    }
    return new PublicKey(n);
  }
}

function faultOf(n: bigint, allowTestSize: boolean): string | undefined {
  const bits = n > 0n ? bitLength(n) : 0;
  const sizeAllowed = allowTestSize ? bits >= 256 && bits % 2 === 0 : KEY_SIZES.some((size) => size === bits);
  if (!sizeAllowed) return `has ${String(bits)} bits instead of 2048, 3072 or 4096`;
  if ((n & 1n) === 0n) return 'is even';
  if (smallFactor(n) !== undefined) return 'has a prime factor below 2^20';
  if (isPerfectPower(n)) return 'is a perfect power';
  if (passesMillerRabin(n, 2n)) return 'is prime';
  return undefined;
}
