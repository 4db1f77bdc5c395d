/**
 * Check 6 for many proofs with one equation: every relation is raised to a random exponent and all are
 * multiplied. Reference: M. Bellare, J. Garay, T. Rabin, EUROCRYPT '98 (small exponents test).
 *
 * Statement: for every relation r = (envelope, component, ciphertext i, branch j)
 *   hs^z_r = +- a_r c_r^e_r (1+n)^(-e_r d_r).
 * Test: hs^(sum rho_r z_r) = +- prod a_r^rho_r prod_c c^(sum rho_r e_r) (1+n)^(-sum rho_r e_r d_r).
 * Parameters: rho uniform in [1, 2^96), so a false batch passes with probability 2^-96 an attempt.
 *
 * rho is drawn from the system's generator after the whole batch is fixed, fresh for every test, never
 * shared between relations and never derived: with predictable rho a forger cancels errors between them.
 * Acceptance is up to sign, here as for single proofs, so that both always agree.
 * A batch that fails is halved twice; then its members are verified one by one, which also names the reason:
 * proofs of few relations as verify-membership.ts does, others by an equation of their own.
 */
import { bytesToBigInt } from '../bytes.js';
import type { CombShape } from '../math/fixed-base-comb.js';
import type { FixedBase, GroupKernel, PowerTerm } from '../math/group-kernel.js';
import { equalUpToSign } from '../math/split-form.js';
import { obfuscationBase } from '../paillier/obfuscation.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { RandomBytes } from '../random.js';
import { cheapChecks, firstFault, nameEquationFault, type ProofFault, type Subject } from './membership-checks.js';
import { responseBits } from './parameters.js';
import type { MembershipVerifier } from './verify-membership.js';

export const RHO_BITS = 96;
const RHO_BYTES = RHO_BITS / 8;
/** Room for sums over at most 2^32 relations. */
const HEADROOM_BITS = RHO_BITS + 32;
const HALVINGS = 2;
/** Up to so many relations are cheaper to check one by one than by an equation over all of them. */
const FEW_RELATIONS = 2;

/** All components of one envelope: accepted or rejected together. */
export type EnvelopeSubjects = readonly Subject[];

export class BatchVerifier {
  readonly #key: PublicKey;
  readonly #kernel: GroupKernel;
  readonly #base: FixedBase;
  /** Built only where something fails. */
  readonly #single: () => MembershipVerifier;

  /** `single` names the reason of what a batch refuses; `kernel` does the arithmetic. */
  constructor(key: PublicKey, kernel: GroupKernel, single: () => MembershipVerifier, shape?: CombShape) {
    this.#key = key;
    this.#kernel = kernel;
    this.#base = kernel.fixedBase(obfuscationBase(key, kernel), responseBits(key) + HEADROOM_BITS, shape);
    this.#single = single;
  }

  get kernel(): { readonly name: string; readonly reason: string } {
    return { name: this.#kernel.name, reason: this.#kernel.reason };
  }

  /** Per envelope, in order: `undefined` when all its proofs hold, else the first fault. Never throws. */
  verify(envelopes: readonly EnvelopeSubjects[], random: RandomBytes): (ProofFault | undefined)[] {
    const checks = cheapChecks(this.#key);
    const faults = envelopes.map((subjects) => firstOf(subjects, (subject) => firstFault(checks, subject)));
    const open = envelopes.flatMap((subjects, index) => (faults[index] === undefined ? [{ subjects, index }] : []));
    for (const { index, fault } of this.#settle(open, HALVINGS, random)) faults[index] = fault;
    return faults;
  }

  #settle(open: readonly Indexed[], halvings: number, random: RandomBytes): Verdict[] {
    if (open.length === 0 || this.#holds(open, random)) return [];
    if (halvings === 0 || open.length === 1) return open.map((envelope) => this.#alone(envelope, random));
    const middle = Math.ceil(open.length / 2);
    return [open.slice(0, middle), open.slice(middle)].flatMap((half) => this.#settle(half, halvings - 1, random));
  }

  #alone({ subjects, index }: Indexed, random: RandomBytes): Verdict {
    return { index, fault: firstOf(subjects, (subject) => this.#faultOf(subject, random)) };
  }

  #faultOf(subject: Subject, random: RandomBytes): ProofFault | undefined {
    if (relationsOf(subject) <= FEW_RELATIONS) return this.#single().verify(subject.set, subject, subject.challenge);
    return this.#holds([{ subjects: [subject], index: 0 }], random) ? undefined : nameEquationFault(this.#key, subject);
  }

  /** One equation over every relation of every envelope, with fresh exponents. */
  #holds(open: readonly Indexed[], random: RandomBytes): boolean {
    const subjects = open.flatMap((envelope) => envelope.subjects);
    const relations = subjects.reduce((sum, subject) => sum + relationsOf(subject), 0);
    const nextRho = drawExponents(random, relations);
    const terms: PowerTerm[] = [];
    let responses = 0n;
    let omega = 0n;
    for (const { set, ciphertexts, branches } of subjects) {
      ciphertexts.forEach((ciphertext, i) => {
        let exponent = 0n;
        branches.forEach(({ commitments, challenge, responses: zs }, j) => {
          const rho = nextRho();
          const commitment = commitments[i] ?? ciphertext;
          responses += rho * (zs[i] ?? 0n);
          omega += rho * (commitment.omega - (set.tuples[j]?.[i] ?? 0n) * challenge);
          exponent += rho * challenge;
          terms.push({ unit: commitment.unit, exponent: rho });
        });
        omega += exponent * ciphertext.omega;
        terms.push({ unit: ciphertext.unit, exponent });
      });
    }
    const right = { unit: this.#kernel.multiPower(terms), omega };
    return equalUpToSign(this.#base.power(responses), right, this.#key.n);
  }
}

interface Indexed {
  readonly subjects: EnvelopeSubjects;
  readonly index: number;
}

interface Verdict {
  readonly index: number;
  readonly fault: ProofFault | undefined;
}

function relationsOf({ ciphertexts, branches }: Subject): number {
  return ciphertexts.length * branches.length;
}

/** Exponents uniform in [1, 2^96), for `count` calls from one draw: 12 bytes each, others where those are 0. */
function drawExponents(random: RandomBytes, count: number): () => bigint {
  const bytes = random(count * RHO_BYTES);
  let position = 0;
  return () => {
    let rho = bytesToBigInt(bytes.subarray(position, position + RHO_BYTES));
    while (rho === 0n) rho = bytesToBigInt(random(RHO_BYTES));
    position += RHO_BYTES;
    return rho;
  };
}

function firstOf(
  subjects: EnvelopeSubjects,
  fault: (subject: Subject) => ProofFault | undefined,
): ProofFault | undefined {
  for (const subject of subjects) {
    const found = fault(subject);
    if (found !== undefined) return found;
  }
  return undefined;
}
