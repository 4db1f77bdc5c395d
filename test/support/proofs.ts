/** Builds single proofs as objects, so that a test can bend any part of one. */
import { bytesToBigInt } from '../../src/bytes.js';
import type { SplitElement } from '../../src/math/split-form.js';
import type { TupleSet } from '../../src/math/tuple-set.js';
import type { PublicKey } from '../../src/paillier/public-key.js';
import { omegaOf, type EncodedElement } from '../../src/proofs/encoded-element.js';
import { pairBytes, type PairComputer, type PairKind } from '../../src/proofs/pairs.js';
import { commitComponent } from '../../src/proofs/prove-membership.js';
import type { ProvenComponent } from '../../src/proofs/set-membership.js';
import { systemRandom } from '../../src/random.js';
import { testPairComputer } from './envelopes.js';

export class TestProver {
  readonly #key: PublicKey;
  readonly #computer: PairComputer;

  constructor(key: PublicKey) {
    this.#key = key;
    this.#computer = testPairComputer(key);
  }

  records(kind: PairKind, count: number): Uint8Array[] {
    const width = pairBytes(this.#key, kind);
    const chunk = this.#computer.compute(kind, count, systemRandom);
    return Array.from({ length: count }, (_, index) => chunk.subarray(width * index, width * (index + 1)));
  }

  /** An honest proof that the ciphertexts encrypt the tuple at `member`, under challenge E. */
  prove(set: TupleSet, member: number, challenge: bigint): ProvenComponent {
    const committed = commitComponent(
      this.#key,
      set,
      member,
      {
        obfuscators: this.records('obfuscator', set.arity),
        masks: this.records('mask', set.arity * set.tuples.length),
      },
      systemRandom,
    );
    const answers = committed.finish(challenge);
    return {
      ciphertexts: committed.ciphertexts.map((element) => toSplit(this.#key, element)),
      branches: committed.commitments.map((commitments, branch) => ({
        commitments: commitments.map((element) => toSplit(this.#key, element)),
        challenge: answers[branch]?.challenge ?? 0n,
        responses: answers[branch]?.responses ?? [],
      })),
    };
  }
}

function toSplit(key: PublicKey, element: EncodedElement): SplitElement {
  return { unit: bytesToBigInt(element.bytes.subarray(0, key.modulusBytes)), omega: omegaOf(key, element) };
}

/** A copy of a component with one branch replaced. */
export function withBranch(
  component: ProvenComponent,
  index: number,
  change: (branch: ProvenComponent['branches'][number]) => ProvenComponent['branches'][number],
): ProvenComponent {
  return {
    ...component,
    branches: component.branches.map((branch, position) => (position === index ? change(branch) : branch)),
  };
}
