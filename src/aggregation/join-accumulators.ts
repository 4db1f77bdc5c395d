/**
 * Horner's rule on ciphertexts: the sum of all plaintexts, that of accumulator i times 2^(i slotShift). It takes
 * milliseconds a step at real sizes, so it lets others run in between. An accumulator that nobody contributed to is
 * replaced by a fixed encryption of 0: a cell costs the same work whether it was used or not.
 */
import { setImmediate } from 'node:timers/promises';
import { modPow } from '../math/modular.js';
import { addCiphertexts } from '../paillier/ciphertext.js';
import type { PublicKey } from '../paillier/public-key.js';

/** Stands in for what is missing. Not secret: the factor that is added before a release re-randomises the whole. */
export function fixedZero(key: PublicKey): bigint {
  return modPow(2n, key.n, key.nSquared);
}

/** @param zero `fixedZero` of the key. */
export async function joinAccumulators(
  key: PublicKey,
  accumulators: readonly (bigint | undefined)[],
  slotShift: number,
  zero: bigint,
): Promise<bigint> {
  let joined = zero;
  for (const accumulator of Array.from(accumulators).reverse()) {
    await setImmediate();
    for (let bit = 0; bit < slotShift; bit += 1) joined = addCiphertexts(key, joined, joined);
    joined = addCiphertexts(key, joined, accumulator ?? zero);
  }
  return joined;
}
