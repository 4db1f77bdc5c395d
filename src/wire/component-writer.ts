/** Writes components into an envelope: elements first, answers once the challenge is known. */
import { bigIntToBytes } from '../bytes.js';
import type { PublicKey } from '../paillier/public-key.js';
import { CHALLENGE_BYTES, responseBytes } from '../proofs/parameters.js';
import type { CommittedComponent, EncodedElement } from '../proofs/prove-membership.js';

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
  #offset: number;

  constructor(key: PublicKey, out: Uint8Array, offset: number) {
    this.#key = key;
    this.#out = out;
    this.#offset = offset;
  }

  /** Writes ciphertexts and commitments and leaves room for the answers. */
  write(component: CommittedComponent): WrittenComponent {
    const ciphertexts = component.ciphertexts.map((element) => this.#element(element));
    const gaps: number[] = [];
    const commitments = component.commitments.flatMap((branch) => {
      const encoded = branch.map((element) => this.#element(element));
      gaps.push(this.#offset);
      this.#offset += CHALLENGE_BYTES + branch.length * responseBytes(this.#key);
      return encoded;
    });
    return { ciphertexts, commitments, answer: (challenge) => this.#answer(component.finish(challenge), gaps) };
  }

  #answer(branches: ReturnType<CommittedComponent['finish']>, gaps: readonly number[]): void {
    branches.forEach(({ challenge, responses }, branch) => {
      let offset = gaps[branch] ?? 0;
      this.#out.set(bigIntToBytes(challenge, CHALLENGE_BYTES), offset);
      offset += CHALLENGE_BYTES;
      for (const response of responses) {
        this.#out.set(bigIntToBytes(response, responseBytes(this.#key)), offset);
        offset += responseBytes(this.#key);
      }
    });
  }

  #element({ unit, omega }: EncodedElement): Uint8Array {
    const start = this.#offset;
    this.#out.set(unit, start);
    this.#out.set(bigIntToBytes(omega, this.#key.modulusBytes), start + this.#key.modulusBytes);
    this.#offset = start + 2 * this.#key.modulusBytes;
    return this.#out.subarray(start, this.#offset);
  }
}
