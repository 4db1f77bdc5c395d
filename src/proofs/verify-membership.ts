/**
 * The verifier of set-membership.ts for one component, as its numbered checks. Check 1 (lengths and
 * version) is made where bytes become objects, in wire/; k, v and the set come from the plan, never from the
 * envelope. Checks 1, 3, 5 and 6 carry soundness, 2 and 4 make the encoding unique and the cost bounded,
 * 7 names a reason. Cheap checks come before any exponentiation.
 */
import { FixedBaseComb, SMALL_COMB, type CombShape } from '../math/fixed-base-comb.js';
import { gcd, mod } from '../math/modular.js';
import { sharedBasePowers } from '../math/shared-base.js';
import { equalUpToSign, type SplitElement } from '../math/split-form.js';
import type { TupleSet } from '../math/tuple-set.js';
import { obfuscationBase } from '../paillier/obfuscation.js';
import type { PublicKey } from '../paillier/public-key.js';
import { CHALLENGE_BITS, CHALLENGE_MODULUS, responseBits } from './parameters.js';
import type { ProofBranch, ProvenComponent } from './set-membership.js';

/** Why a proof is not accepted; a subset of the receiver's rejection reasons. */
export type ProofFault =
  'malformed' | 'element_range' | 'challenge_range' | 'response_range' | 'challenge_sum' | 'equation' | 'not_coprime';

/** What one verification is about. */
interface Subject extends ProvenComponent {
  readonly set: TupleSet;
  /** E, from the envelope's transcript. */
  readonly challenge: bigint;
}

type Check = readonly [ProofFault, (subject: Subject) => boolean];

export class MembershipVerifier {
  readonly #key: PublicKey;
  readonly #comb: FixedBaseComb;
  readonly #checks: readonly Check[] = [
    // 1 (object form): as many ciphertexts, branches, commitments and responses as the plan's set says.
    ['malformed', hasShapeOfSet],
    // 2: every unit in [1, n), every omega in [0, n).
    ['element_range', (subject) => elementsOf(subject).every((element) => this.#isSplit(element))],
    // 3: every e_j in [0, 2^t).
    ['challenge_range', ({ branches }) => branches.every(({ challenge }) => inRange(challenge, CHALLENGE_MODULUS))],
    // 4: every z_ji in [0, 2^(A+t+s+1)).
    ['response_range', ({ branches }) => branches.every(({ responses }) => this.#responsesInRange(responses))],
    // 5: sum of e_j = E mod 2^t.
    ['challenge_sum', ({ branches, challenge }) => mod(sumOf(branches), CHALLENGE_MODULUS) === challenge],
    // 6: hs^z_ji = +- a_ji u_ji^e_j for every j and i. Up to sign: -1 is an n-th residue, so this costs no
    //    soundness, and single and batch verification agree (C. Boyd, C. Pavlovski, ASIACRYPT 2000).
    ['equation', (subject) => this.#equationsHold(subject)],
  ];

  /** Derives the base and builds its tables: some hundred milliseconds at 2048 bits. */
  constructor(key: PublicKey, shape: CombShape = SMALL_COMB) {
    this.#key = key;
    this.#comb = new FixedBaseComb(obfuscationBase(key), key.n, responseBits(key), shape);
  }

  /** `undefined` when the proof holds under challenge E, else the first check that fails. Never throws. */
  verify(set: TupleSet, component: ProvenComponent, challenge: bigint): ProofFault | undefined {
    const subject = { set, challenge, ...component };
    const failed = this.#checks.find(([, holds]) => !holds(subject));
    return failed === undefined ? undefined : this.#nameOf(failed[0], subject);
  }

  /** Every check that fails on its own, in order: for audits and tests. Never throws. */
  failedChecks(set: TupleSet, component: ProvenComponent, challenge: bigint): ProofFault[] {
    const subject = { set, challenge, ...component };
    return this.#checks.filter(([, holds]) => !holds(subject)).map(([fault]) => fault);
  }

  /** 7: check 6 implies that everything is a unit; this only names why it failed. */
  #nameOf(fault: ProofFault, subject: Subject): ProofFault {
    if (fault !== 'equation') return fault;
    return elementsOf(subject).every(({ unit }) => gcd(unit, this.#key.n) === 1n) ? 'equation' : 'not_coprime';
  }

  #isSplit({ unit, omega }: SplitElement): boolean {
    return unit > 0n && unit < this.#key.n && inRange(omega, this.#key.n);
  }

  #responsesInRange(responses: readonly bigint[]): boolean {
    return responses.every((response) => inRange(response, 1n << BigInt(responseBits(this.#key))));
  }

  #equationsHold({ set, ciphertexts, branches }: Subject): boolean {
    return ciphertexts.every((ciphertext, i) => {
      const power = sharedBasePowers(ciphertext.unit, this.#key.nSquared, CHALLENGE_BITS);
      return branches.every(({ commitments, challenge, responses }, j) => {
        const commitment = commitments[i] ?? ciphertext;
        const member = set.tuples[j]?.[i] ?? 0n;
        const response = responses[i] ?? 0n;
        if (!inRange(response, 1n << BigInt(this.#comb.exponentBits))) return false;
        const left = this.#comb.power(response);
        const right = {
          unit: (commitment.unit * power(challenge)) % this.#key.nSquared,
          omega: commitment.omega + (ciphertext.omega - member) * challenge,
        };
        return equalUpToSign(left, right, this.#key.n);
      });
    });
  }
}

function elementsOf({ ciphertexts, branches }: ProvenComponent): SplitElement[] {
  return [...ciphertexts, ...branches.flatMap(({ commitments }) => commitments)];
}

function sumOf(branches: readonly ProofBranch[]): bigint {
  return branches.reduce((total, { challenge }) => total + challenge, 0n);
}

function inRange(value: bigint, bound: bigint): boolean {
  return value >= 0n && value < bound;
}

function hasShapeOfSet({ set, ciphertexts, branches }: Subject): boolean {
  return (
    ciphertexts.length === set.arity &&
    branches.length === set.tuples.length &&
    branches.every(({ commitments, responses }) => commitments.length === set.arity && responses.length === set.arity)
  );
}
