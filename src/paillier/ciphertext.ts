/** Standard Paillier ciphertexts: units of Z_{n^2} that any Paillier implementation decrypts. */
import { bigIntToBytes, bytesToBigInt } from '../bytes.js';
import { gcd, mod } from '../math/modular.js';
import type { PublicKey } from './public-key.js';

/** Whether c is an element of Z*_{n^2}: 0 < c < n^2 and coprime to n. */
export function isCiphertext(key: PublicKey, c: bigint): boolean {
  return c > 0n && c < key.nSquared && gcd(c % key.n, key.n) === 1n;
}

/** A ciphertext of the sum of both plaintexts (mod n). */
export function addCiphertexts(key: PublicKey, a: bigint, b: bigint): bigint {
  return (a * b) % key.nSquared;
}

/** A ciphertext of the plaintext plus a clear integer of any sign. Not obfuscated by this. */
export function addPlaintext(key: PublicKey, c: bigint, plaintext: bigint): bigint {
  return (c + key.n * (((c % key.n) * mod(plaintext, key.n)) % key.n)) % key.nSquared;
}

/** Big-endian, exactly twice the modulus' bytes. */
export function ciphertextToBytes(key: PublicKey, c: bigint): Uint8Array {
  return bigIntToBytes(c, 2 * key.modulusBytes);
}

/** `undefined` where the length is wrong or the value is not an element of Z*_{n^2}. */
export function ciphertextFromBytes(key: PublicKey, bytes: Uint8Array): bigint | undefined {
  if (bytes.length !== 2 * key.modulusBytes) return undefined;
  const c = bytesToBigInt(bytes);
  return isCiphertext(key, c) ? c : undefined;
}
