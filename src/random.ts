/**
 * Randomness is an argument everywhere; this file holds its type and the one system source.
 */
import { bitLength, bytesToBigInt } from './bytes.js';
import { TelemetryKitError } from './errors.js';

/**
 * Returns `length` fresh bytes from a cryptographically secure generator.
 * Throws `randomness` when the source fails; callers never fall back to another source.
 */
export type RandomBytes = (length: number) => Uint8Array;

/** Web Crypto returns at most this many bytes a call (W3C Web Cryptography API, getRandomValues). */
const QUOTA_BYTES = 65_536;

/** The operating system's generator through Web Crypto (Node and browsers). */
export const systemRandom: RandomBytes = (length) => {
  const out = new Uint8Array(length);
  try {
    for (let start = 0; start < length; start += QUOTA_BYTES) {
      globalThis.crypto.getRandomValues(out.subarray(start, Math.min(start + QUOTA_BYTES, length)));
    }
  } catch (cause) {
    throw new TelemetryKitError('randomness', 'the system random generator failed', {
      fix: 'check the host: nothing can be sealed or released without secure randomness',
      cause,
    });
  }
  return out;
};

/** Block size of `bufferedRandom`. */
const BLOCK_BYTES = 4096;

/**
 * The same randomness fetched in blocks, for callers that draw a few bytes very often: a call to the system costs
 * microseconds. Every byte is handed out once and erased from the block.
 */
export function bufferedRandom(source: RandomBytes): RandomBytes {
  let block = new Uint8Array(0);
  let position = 0;
  return (length) => {
    if (length > BLOCK_BYTES) return source(length);
    if (position + length > block.length) {
      block = source(BLOCK_BYTES) as Uint8Array<ArrayBuffer>;
      position = 0;
    }
    const taken = block.slice(position, position + length);
    block.fill(0, position, position + length);
    position += length;
    return taken;
  };
}

/** Uniform in [0, 2^bits). */
export function randomBits(random: RandomBytes, bits: number): bigint {
  if (bits === 0) return 0n;
  const bytes = random(Math.ceil(bits / 8));
  return bytesToBigInt(bytes) >> BigInt((8 - (bits % 8)) % 8);
}

/** Uniform in [0, bound) by rejection, so without modulo bias; `bound` is positive. */
export function randomBelow(random: RandomBytes, bound: bigint): bigint {
  const bits = bitLength(bound - 1n);
  for (;;) {
    const candidate = randomBits(random, bits);
    if (candidate < bound) return candidate;
  }
}
