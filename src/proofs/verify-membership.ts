/**
 * The verifier of set-membership.ts for one component, as its numbered checks. Check 1 (lengths and
 * version) is made where bytes become objects, in wire/; k, v and the set come from the plan, never from the
 * envelope. Checks 1, 3, 5 and 6 carry soundness, 2 and 4 make the encoding unique and the cost bounded,
 * 7 names a reason. Cheap checks come before any exponentiation.
 */
import { FixedBaseComb, SMALL_COMB, type CombShape } from '../math/fixed-base-comb.js';
import { gcd } from '../math/modular.js';
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

export class MembershipVerifier {
  readonly #key: PublicKey;
  readonly #comb: FixedBaseComb;

  /** Derives the base and builds its tables: some hundred milliseconds at 2048 bits. */
  constructor(key: PublicKey, shape: CombShape = SMALL_COMB) {
    this.#key = key;
    this.#comb = new FixedBaseComb(obfuscationBase(key), key.n, responseBits(key), shape);
  }

  /** `undefined` when the proof holds under challenge E, else the first check that fails. Never throws. */
  verify(set: TupleSet, { ciphertexts, branches }: ProvenComponent, challenge: bigint): ProofFault | undefined {
    // 1 (object form): as many ciphertexts, branches, commitments and responses as the plan's set says.
    if (!hasShapeOf(set, ciphertexts, branches)) return 'malformed';
    // 2: every unit in [1, n), every omega in [0, n).
    const elements = [...ciphertexts, ...branches.flatMap(({ commitments }) => commitments)];
    if (!elements.every((element) => this.#isSplit(element))) return 'element_range';
    // 3: every e_j in [0, 2^t).
    if (!branches.every((branch) => inRange(branch.challenge, CHALLENGE_MODULUS))) return 'challenge_range';
    // 4: every z_j in [0, 2^(A+t+s+1)).
    const responseBound = 1n << BigInt(responseBits(this.#key));
    if (!branches.every(({ responses }) => responses.every((z) => inRange(z, responseBound)))) return 'response_range';
    // 5: sum of e_j = E mod 2^t.
    const sum = branches.reduce((total, branch) => total + branch.challenge, 0n);
    if (sum % CHALLENGE_MODULUS !== challenge) return 'challenge_sum';
    // 6: hs^z_ji = +- a_ji u_ji^e_j for every j and i. Up to sign: -1 is an n-th residue, so this costs no
    //    soundness, and single and batch verification agree (C. Boyd, C. Pavlovski, ASIACRYPT 2000).
    if (this.#equationsHold(set, ciphertexts, branches)) return undefined;
    // 7: only to name the reason; check 6 implies that everything is a unit.
    return elements.every(({ unit }) => gcd(unit, this.#key.n) === 1n) ? 'equation' : 'not_coprime';
  }

  #isSplit({ unit, omega }: SplitElement): boolean {
    return unit > 0n && unit < this.#key.n && inRange(omega, this.#key.n);
  }

  #equationsHold(set: TupleSet, ciphertexts: readonly SplitElement[], branches: readonly ProofBranch[]): boolean {
    return ciphertexts.every((ciphertext, i) => {
      const power = sharedBasePowers(ciphertext.unit, this.#key.nSquared, CHALLENGE_BITS);
      return branches.every(({ commitments, challenge, responses }, j) => {
        const commitment = commitments[i] ?? ciphertext;
        const member = set.tuples[j]?.[i] ?? 0n;
        const left = this.#comb.power(responses[i] ?? 0n);
        const right = {
          unit: (commitment.unit * power(challenge)) % this.#key.nSquared,
          omega: commitment.omega + (ciphertext.omega - member) * challenge,
        };
        return equalUpToSign(left, right, this.#key.n);
      });
    });
  }
}

function inRange(value: bigint, bound: bigint): boolean {
  return value >= 0n && value < bound;
}

function hasShapeOf(set: TupleSet, ciphertexts: readonly unknown[], branches: readonly ProofBranch[]): boolean {
  return (
    ciphertexts.length === set.arity &&
    branches.length === set.tuples.length &&
    branches.every(({ commitments, responses }) => commitments.length === set.arity && responses.length === set.arity)
  );
}
