/** Sizes of the membership proof, in bits (docs/PROTOCOL.md, "Parameters"). */
import { obfuscatorBits } from '../paillier/obfuscation.js';
import type { PublicKey } from '../paillier/public-key.js';

/** t: a false statement passes with probability 2^-128 per hash query. */
export const CHALLENGE_BITS = 128;
export const CHALLENGE_BYTES = CHALLENGE_BITS / 8;
export const CHALLENGE_MODULUS = 1n << BigInt(CHALLENGE_BITS);

/** s: responses hide the obfuscation exponent up to a statistical distance of 2^-128 a branch. */
const HIDING_BITS = 128;

/** Bits of a mask gamma: A + t + s. */
export function maskBits(key: PublicKey): number {
  return obfuscatorBits(key) + CHALLENGE_BITS + HIDING_BITS;
}

/** Bits of a response z = gamma + alpha e: one more than a mask. */
export function responseBits(key: PublicKey): number {
  return maskBits(key) + 1;
}

export function responseBytes(key: PublicKey): number {
  return Math.ceil(responseBits(key) / 8);
}
