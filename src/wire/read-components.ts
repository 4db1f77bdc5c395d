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

/** Reads an envelope's components one after the other, in the order of its layout. */
export class ComponentReader {
  readonly #key: PublicKey;
  readonly #bytes: Uint8Array;
  #offset: number;

  constructor(key: PublicKey, bytes: Uint8Array, offset: number) {
    this.#key = key;
    this.#bytes = bytes;
    this.#offset = offset;
  }

  component({ arity, tuples }: TupleSet): ReadComponent {
    const encodedCiphertexts = this.#elements(arity);
    return this.#branches(encodedCiphertexts, tuples.length, arity);
  }

  /** The one branch of a proof about the product of ciphertexts that were read before. */
  total(): ReadComponent {
    return this.#branches([], 1, 1);
  }

  #branches(encodedCiphertexts: Uint8Array[], count: number, arity: number): ReadComponent {
    const encodedCommitments: Uint8Array[] = [];
    const branches = Array.from({ length: count }, (): ProofBranch => {
      const commitments = this.#elements(arity);
      encodedCommitments.push(...commitments);
      return {
        commitments: commitments.map((encoded) => this.#parse(encoded)),
        challenge: bytesToBigInt(this.#take(CHALLENGE_BYTES)),
        responses: Array.from({ length: arity }, () => bytesToBigInt(this.#take(responseBytes(this.#key)))),
      };
    });
    const ciphertexts = encodedCiphertexts.map((encoded) => this.#parse(encoded));
    return { ciphertexts, branches, encodedCiphertexts, encodedCommitments };
  }

  #elements(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.#take(2 * this.#key.modulusBytes));
  }

  #parse(encoded: Uint8Array): SplitElement {
    return {
      unit: bytesToBigInt(encoded.subarray(0, this.#key.modulusBytes)),
      omega: bytesToBigInt(encoded.subarray(this.#key.modulusBytes)),
    };
  }

  #take(length: number): Uint8Array {
    return this.#bytes.subarray(this.#offset, (this.#offset += length));
  }
}
