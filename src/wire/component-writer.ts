/** Writes components into an envelope: elements first, answers once the challenge is known. */
import { bigIntWriter } from '../bytes.js';
import type { PublicKey } from '../paillier/public-key.js';
import { elementWriter, type EncodedElement } from '../proofs/encoded-element.js';
import { CHALLENGE_BYTES, responseBytes } from '../proofs/parameters.js';
import type { CommittedComponent } from '../proofs/prove-membership.js';

/** Where a component stands in the envelope: its encoded elements, and the gaps for its answers. */
export interface WrittenComponent {
  readonly ciphertexts: readonly Uint8Array[];
  readonly commitments: readonly Uint8Array[];
  /** Fills the gaps. */
  readonly answer: (challenge: bigint) => void;
}

export class ComponentWriter {
  readonly #key: PublicKey;
  readonly #out: Uint8Array;
  readonly #write: ReturnType<typeof bigIntWriter>;
  readonly #writeElement: ReturnType<typeof elementWriter>;
  readonly #responseBytes: number;
  #offset: number;

  constructor(key: PublicKey, out: Uint8Array, offset: number) {
    this.#key = key;
    this.#out = out;
    this.#write = bigIntWriter(out);
    this.#writeElement = elementWriter(key, out);
    this.#responseBytes = responseBytes(key);
    this.#offset = offset;
  }

  /** Writes ciphertexts and commitments and leaves room for the answers. */
  write(component: CommittedComponent): WrittenComponent {
    const ciphertexts = component.ciphertexts.map((element) => this.#element(element));
    const commitments: Uint8Array[] = [];
    const gaps = component.commitments.map((branch) => {
      for (const element of branch) commitments.push(this.#element(element));
      const gap = this.#offset;
      this.#offset += CHALLENGE_BYTES + branch.length * this.#responseBytes;
      return gap;
    });
    return { ciphertexts, commitments, answer: (challenge) => this.#answer(component.finish(challenge), gaps) };
  }

  #answer(branches: ReturnType<CommittedComponent['finish']>, gaps: readonly number[]): void {
    branches.forEach(({ challenge, responses }, branch) => {
      let offset = gaps[branch] ?? 0;
      this.#write(challenge, offset, CHALLENGE_BYTES);
      offset += CHALLENGE_BYTES;
      for (const response of responses) {
        this.#write(response, offset, this.#responseBytes);
        offset += this.#responseBytes;
      }
    });
  }

  #element(element: EncodedElement): Uint8Array {
    const start = this.#offset;
    this.#writeElement(element, start);
    this.#offset = start + 2 * this.#key.modulusBytes;
    return this.#out.subarray(start, this.#offset);
  }
}
