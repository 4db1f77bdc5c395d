/**
 * A proof that the product of many ciphertexts encrypts exactly a public number: set-membership.ts with one
 * branch, whose obfuscation exponent is the sum of theirs. The response has at most ceil(log2 count) bits
 * more of that sum, far within the width of a mask.
 */
import type { PublicKey } from '../paillier/public-key.js';
import { readPair, type CommittedComponent } from './prove-membership.js';

/** `exponents` are those of all ciphertexts of the product; `mask` is one fresh record. */
export function commitTotal(key: PublicKey, exponents: readonly bigint[], mask: Uint8Array): CommittedComponent {
  const exponent = exponents.reduce((sum, one) => sum + one, 0n);
  const { exponent: gamma, bytes } = readPair(key, 'mask', mask);
  return {
    exponents: [],
    ciphertexts: [],
    commitments: [[{ bytes, shift: 0n }]],
    finish: (challenge) => [{ challenge, responses: [gamma + exponent * challenge] }],
  };
}
