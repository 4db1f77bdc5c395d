/**
 * The verifier of set-membership.ts for one component at a time, as its numbered checks: cheap ones first
 * (membership-checks.ts), then the equation. Checks 1, 3, 5 and 6 carry soundness, 2 and 4 make the
 * encoding unique and the cost bounded, 7 names a reason. Many components: batch-verify.ts.
 */
import { SMALL_COMB, type CombShape } from '../math/comb-layout.js';
import { createGroupKernel, type FixedBase, type GroupKernel } from '../math/group-kernel.js';
import { mod } from '../math/modular.js';
import { equalUpToSign } from '../math/split-form.js';
import type { TupleSet } from '../math/tuple-set.js';
import { obfuscationBase } from '../paillier/obfuscation.js';
import type { PublicKey } from '../paillier/public-key.js';
import { cheapChecks, firstFault, inRange, nameEquationFault } from './membership-checks.js';
import type { Check, ProofFault, Subject } from './membership-checks.js';
import { responseBits, VERSION_1, type ProofParameters } from './parameters.js';
import type { ProvenComponent } from './set-membership.js';

export type { ProofFault } from './membership-checks.js';

export class MembershipVerifier {
  readonly #key: PublicKey;
  readonly #kernel: GroupKernel;
  readonly #base: FixedBase;
  readonly #checks: readonly Check[];

  /** Derives the base and builds its tables: up to some hundred milliseconds at 2048 bits. */
  constructor(
    key: PublicKey,
    shape: CombShape = SMALL_COMB,
    parameters: ProofParameters = VERSION_1,
    kernel: GroupKernel = createGroupKernel(key.n),
  ) {
    this.#key = key;
    this.#kernel = kernel;
    this.#base = kernel.fixedBase(obfuscationBase(key, kernel), responseBits(key, parameters), shape);
    // 6: hs^z_ji = +- a_ji u_ji^e_j for every j and i. Up to sign: -1 is an n-th residue, so this costs no
    //    soundness, and single and batch verification agree (C. Boyd, C. Pavlovski, ASIACRYPT 2000).
    this.#checks = [...cheapChecks(key, parameters), ['equation', (subject) => this.#equationsHold(subject)]];
  }

  /** `undefined` when the proof holds under challenge E, else the first check that fails. Never throws. */
  verify(set: TupleSet, component: ProvenComponent, challenge: bigint): ProofFault | undefined {
    const subject = { ...component, set, challenge };
    const fault = firstFault(this.#checks, subject);
    return fault === 'equation' ? nameEquationFault(this.#key, subject) : fault;
  }

  /** Every check that fails on its own, in order: for audits and tests. Never throws. */
  failedChecks(set: TupleSet, component: ProvenComponent, challenge: bigint): ProofFault[] {
    const subject = { ...component, set, challenge };
    return this.#checks.filter(([, holds]) => !holds(subject)).map(([fault]) => fault);
  }

  #equationsHold({ set, ciphertexts, branches }: Subject): boolean {
    const { nSquared } = this.#key;
    // What check 3 refuses has no power here, and needs none.
    const challenges = branches.map(({ challenge }) => (inRange(challenge, nSquared) ? challenge : 0n));
    return ciphertexts.every((ciphertext, i) => {
      const powers = this.#kernel.powersOf(mod(ciphertext.unit, nSquared), challenges);
      return branches.every(({ commitments, challenge, responses }, j) => {
        const commitment = commitments[i] ?? ciphertext;
        const member = set.tuples[j]?.[i] ?? 0n;
        const response = responses[i] ?? 0n;
        if (!inRange(response, 1n << BigInt(this.#base.exponentBits))) return false;
        const left = this.#base.power(response);
        const right = {
          unit: (commitment.unit * (powers[j] ?? 1n)) % nSquared,
          omega: commitment.omega + (ciphertext.omega - member) * challenge,
        };
        return equalUpToSign(left, right, this.#key.n);
      });
    });
  }
}
