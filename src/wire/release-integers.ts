/**
 * Signed integers of any size as bytes: two's complement, big-endian, shortest form, so one encoding per
 * value. Noised counts need 48 bits today and sums need 128.
 */
import { bitLength, bytesToBigInt, bigIntToBytes } from '../bytes.js';

/** Room for 128 bits and a sign. */
export const MAX_INTEGER_BYTES = 17;

export function encodeInteger(value: bigint): Uint8Array {
  const width = shortestWidth(value);
  return bigIntToBytes(BigInt.asUintN(8 * width, value), width);
}

/** `undefined` where the bytes are not the shortest form, or longer than 17. */
export function decodeInteger(bytes: Uint8Array): bigint | undefined {
  if (bytes.length === 0 || bytes.length > MAX_INTEGER_BYTES) return undefined;
  const value = BigInt.asIntN(8 * bytes.length, bytesToBigInt(bytes));
  return shortestWidth(value) === bytes.length ? value : undefined;
}

/** One bit more than the magnitude for the sign; -2^k needs no more bits than 2^k - 1. */
function shortestWidth(value: bigint): number {
  const magnitudeBits = bitLength(value < 0n ? -value - 1n : value);
  return Math.floor(magnitudeBits / 8) + 1;
}
