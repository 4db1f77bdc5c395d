/**
 * Sizes of the membership proof, in bits (docs/PROTOCOL.md, "Parameters"). Version 1 of the protocol has one set
 * of them, which neither an envelope nor a plan can choose; provers and verifiers take others so that a proof can
 * be enumerated completely over a toy modulus.
 */
import { obfuscatorBits } from '../paillier/obfuscation.js';
import type { ModulusSize } from '../paillier/public-key.js';

export interface ProofParameters {
  /** t: a false statement passes with probability 2^-t per hash query; 2^t is below every prime factor of n. */
  readonly challengeBits: number;
  /** s: responses hide the obfuscation exponent up to a statistical distance of 2^-s a branch. */
  readonly hidingBits: number;
}

export const VERSION_1: ProofParameters = { challengeBits: 128, hidingBits: 128 };

export const CHALLENGE_BYTES = VERSION_1.challengeBits / 8;
export const CHALLENGE_MODULUS = challengeModulus(VERSION_1);

/** 2^t. */
export function challengeModulus({ challengeBits }: ProofParameters): bigint {
  return 1n << BigInt(challengeBits);
}

/** Bits of a mask gamma: A + t + s. */
export function maskBits(key: ModulusSize, { challengeBits, hidingBits } = VERSION_1): number {
  return obfuscatorBits(key) + challengeBits + hidingBits;
}

/** Bits of a response z = gamma + alpha e: one more than a mask. */
export function responseBits(key: ModulusSize, parameters = VERSION_1): number {
  return maskBits(key, parameters) + 1;
}

export function responseBytes(key: ModulusSize): number {
  return Math.ceil(responseBits(key) / 8);
}
