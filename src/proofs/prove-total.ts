/**
 * A proof that the product of many ciphertexts encrypts exactly a public number: set-membership.ts with one
 * branch, whose obfuscation exponent is the sum of theirs. The response has at most ceil(log2 count) bits
 * more of that sum, far within the width of a mask.
 */
import { bytesToBigInt } from '../bytes.js';
import type { PublicKey } from '../paillier/public-key.js';
import { exponentBytes } from './pairs.js';
import { readPair, type CommittedComponent } from './prove-membership.js';

/** `obfuscators` are the records of all ciphertexts of the product; `mask` is one fresh record. */
export function commitTotal(key: PublicKey, obfuscators: readonly Uint8Array[], mask: Uint8Array): CommittedComponent {
  const width = exponentBytes(key, 'obfuscator');
  const exponent = obfuscators.reduce((sum, record) => sum + bytesToBigInt(record.subarray(0, width)), 0n);
  const { exponent: gamma, unit, omega } = readPair(key, 'mask', mask);
  return {
    ciphertexts: [],
    commitments: [[{ unit, omega }]],
    finish: (challenge) => [{ challenge, responses: [gamma + exponent * challenge] }],
  };
}
