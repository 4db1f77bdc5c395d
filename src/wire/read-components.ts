/** From an envelope's bytes to proven components: fixed widths, so nothing here can fail once the length is right. */
import { bytesToBigInt } from '../bytes.js';
import type { SplitElement } from '../math/split-form.js';
import type { TupleSet } from '../math/tuple-set.js';
import type { PublicKey } from '../paillier/public-key.js';
import { CHALLENGE_BYTES, responseBytes } from '../proofs/parameters.js';
import type { ProofBranch, ProvenComponent } from '../proofs/set-membership.js';

export interface ReadComponent extends ProvenComponent {
  /** Wire encodings for the transcript. */
  readonly encodedCiphertexts: readonly Uint8Array[];
  readonly encodedCommitments: readonly Uint8Array[];
}

/** Reads components one after the other; `next` must be called with the plan's sets in order. */
export function componentReader(key: PublicKey, bytes: Uint8Array, start: number): (set: TupleSet) => ReadComponent {
  let offset = start;
  const take = (length: number): Uint8Array => bytes.subarray(offset, (offset += length));
  const element = (): Uint8Array => take(2 * key.modulusBytes);
  return ({ arity, tuples }) => {
    const encodedCiphertexts = repeat(arity, element);
    const encodedCommitments: Uint8Array[] = [];
    const branches = tuples.map((): ProofBranch => {
      const commitments = repeat(arity, element);
      encodedCommitments.push(...commitments);
      return {
        commitments: commitments.map((encoded) => parseElement(key, encoded)),
        challenge: bytesToBigInt(take(CHALLENGE_BYTES)),
        responses: repeat(arity, () => bytesToBigInt(take(responseBytes(key)))),
      };
    });
    const ciphertexts = encodedCiphertexts.map((encoded) => parseElement(key, encoded));
    return { ciphertexts, branches, encodedCiphertexts, encodedCommitments };
  };
}

function parseElement(key: PublicKey, encoded: Uint8Array): SplitElement {
  return {
    unit: bytesToBigInt(encoded.subarray(0, key.modulusBytes)),
    omega: bytesToBigInt(encoded.subarray(key.modulusBytes)),
  };
}

function repeat<Item>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make);
}
