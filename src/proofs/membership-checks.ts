/**
 * The verifier checks of set-membership.ts that cost no exponentiation, 1 to 5, in their order. Single and
 * batch verification share them. Check 1 (lengths and version) is made once more where bytes become
 * objects, in wire/; k, v and the set come from the plan, never from the envelope.
 */
import { gcd, mod } from '../math/modular.js';
import type { SplitElement } from '../math/split-form.js';
import type { TupleSet } from '../math/tuple-set.js';
import type { PublicKey } from '../paillier/public-key.js';
import { challengeModulus, responseBits, VERSION_1 } from './parameters.js';
import type { ProofBranch, ProvenComponent } from './set-membership.js';

/** Why a proof is not accepted; a subset of the receiver's rejection reasons. */
export type ProofFault =
  'malformed' | 'element_range' | 'challenge_range' | 'response_range' | 'challenge_sum' | 'equation' | 'not_coprime';

/** What one verification is about. */
export interface Subject extends ProvenComponent {
  readonly set: TupleSet;
  /** E, from the envelope's transcript. */
  readonly challenge: bigint;
}

export type Check = readonly [fault: ProofFault, holds: (subject: Subject) => boolean];

export function cheapChecks(key: PublicKey, parameters = VERSION_1): readonly Check[] {
  const modulus = challengeModulus(parameters);
  const responseBound = 1n << BigInt(responseBits(key, parameters));
  const isSplit = ({ unit, omega }: SplitElement): boolean => unit > 0n && unit < key.n && inRange(omega, key.n);
  return [
    // 1 (object form): as many ciphertexts, branches, commitments and responses as the plan's set says.
    ['malformed', hasShapeOfSet],
    // 2: every unit in [1, n), every omega in [0, n).
    ['element_range', (subject) => elementsOf(subject).every(isSplit)],
    // 3: every e_j in [0, 2^t).
    ['challenge_range', ({ branches }) => branches.every(({ challenge }) => inRange(challenge, modulus))],
    // 4: every z_ji in [0, 2^(A+t+s+1)).
    [
      'response_range',
      ({ branches }) => branches.every(({ responses }) => responses.every((z) => inRange(z, responseBound))),
    ],
    // 5: sum of e_j = E mod 2^t.
    ['challenge_sum', ({ branches, challenge }) => mod(sumOf(branches), modulus) === challenge],
  ];
}

/** The first check that fails, or `undefined`. */
export function firstFault(checks: readonly Check[], subject: Subject): ProofFault | undefined {
  return checks.find(([, holds]) => !holds(subject))?.[0];
}

/** 7: names why check 6 failed; 6 holding implies that everything is a unit. */
export function nameEquationFault(key: PublicKey, subject: Subject): ProofFault {
  return elementsOf(subject).every(({ unit }) => gcd(unit, key.n) === 1n) ? 'equation' : 'not_coprime';
}

export function inRange(value: bigint, bound: bigint): boolean {
  return value >= 0n && value < bound;
}

function hasShapeOfSet({ set, ciphertexts, branches }: Subject): boolean {
  return (
    ciphertexts.length === set.arity &&
    branches.length === set.tuples.length &&
    branches.every(({ commitments, responses }) => commitments.length === set.arity && responses.length === set.arity)
  );
}

function elementsOf({ ciphertexts, branches }: ProvenComponent): SplitElement[] {
  return [...ciphertexts, ...branches.flatMap(({ commitments }) => commitments)];
}

function sumOf(branches: readonly ProofBranch[]): bigint {
  return branches.reduce((total, { challenge }) => total + challenge, 0n);
}
