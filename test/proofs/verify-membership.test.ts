import { describe, expect, it } from 'vitest';
import { mod, modInverse } from '../../src/math/modular.js';
import type { TupleSet } from '../../src/math/tuple-set.js';
import { joinSplit, type SplitElement } from '../../src/math/split-form.js';
import type { ProofFault, Subject } from '../../src/proofs/membership-checks.js';
import { CHALLENGE_MODULUS } from '../../src/proofs/parameters.js';
import { MembershipVerifier } from '../../src/proofs/verify-membership.js';
import { randomBits, systemRandom } from '../../src/random.js';
import { bentBit, bit, BIT, movedChallenge, movedResponse, multipleOfN } from '../corpus/object-rows.js';
import { testPrivateKey } from '../support/keys.js';
import { TestProver } from '../support/proofs.js';

const secret = testPrivateKey();
const key = secret.publicKey;
const { n } = key;
const prover = new TestProver(key);
const verifier = new MembershipVerifier(key, { teeth: 4, tables: 2 });

const FLAG: TupleSet = { arity: 1, tuples: [[0n], [1n], [1n << 48n]] };
const PRODUCT: TupleSet = {
  arity: 3,
  tuples: [
    [0n, 0n, 0n],
    [0n, 1n, 0n],
    [1n, 0n, 0n],
    [1n, 1n, 1n],
  ],
};
const challenge = (): bigint => randomBits(systemRandom, 128);

describe('honest proofs', () => {
  it.each([
    ['bit', BIT],
    ['flag', FLAG],
    ['product', PRODUCT],
    ['a set of one', { arity: 1, tuples: [[7n]] }],
  ])('verify for every member of %s', (_name, set) => {
    set.tuples.forEach((tuple, member) => {
      const e = challenge();
      const proof = prover.prove(set, member, e);
      expect(verifier.verify(set, proof, e)).toBeUndefined();
      const plaintexts = proof.ciphertexts.map((c) => secret.decrypt(joinSplit(c, n), systemRandom));
      expect(plaintexts).toEqual(tuple);
    });
  });

  it('verify with E = 0 and E = 2^128 - 1', () => {
    for (const e of [0n, CHALLENGE_MODULUS - 1n]) {
      expect(verifier.verify(FLAG, prover.prove(FLAG, 2, e), e)).toBeUndefined();
    }
  });
});

/**
 * Each forgery fails exactly one check, so a verifier without that check accepts exactly that forgery. Check 1
 * has a part in the envelope's bytes too: test/wire/envelope.test.ts.
 */
const FORGERIES: readonly [check: string, fault: ProofFault, what: string, forge: () => Subject][] = [
  ['1', 'malformed', 'a branch missing, and the value in the branch that is there', onlyZero],
  ['2', 'element_range', 'a commitment written a second way, by its unit', () => rewritten(unitPlusN)],
  [
    '2',
    'element_range',
    'a commitment written a second way, by its omega',
    () => rewritten(({ unit, omega }) => ({ unit, omega: omega + n })),
  ],
  ['3', 'challenge_range', 'a challenge that is a multiple of n makes 1,000,000 a bit', () => multipleOfN(1_000_000n)],
  // With exponent 0: powers of the ciphertext's unit are computed for challenges in range only.
  ['3', 'challenge_range', 'a negative challenge', () => movedChallenge(-CHALLENGE_MODULUS, 0n)],
  ['4', 'response_range', 'a response beyond its bound, moved by the order of the base', () => movedResponse('beyond')],
  ['5', 'challenge_sum', 'a proof about another challenge', () => ({ ...bit(), challenge: challenge() })],
  ['6', 'equation', 'a value outside the set', () => provenAs(BIT, { arity: 1, tuples: [[0n], [2n]] }, 1)],
  ['6', 'equation', 'a tuple whose parts are allowed, but not together', () => provenAs(PRODUCT, WRONG_PRODUCT, 3)],
];

const WRONG_PRODUCT: TupleSet = { ...PRODUCT, tuples: [...PRODUCT.tuples.slice(0, 3), [1n, 1n, 0n]] };

/** An honest proof about a set of the prover's own. */
function provenAs(set: TupleSet, own: TupleSet, member: number): Subject {
  const e = challenge();
  return { set, challenge: e, ...prover.prove(own, member, e) };
}

function onlyZero(): Subject {
  return provenAs(BIT, { arity: 1, tuples: [[0n]] }, 0);
}

function rewritten(change: (element: SplitElement) => SplitElement): Subject {
  return bentBit(0, ({ commitments }) => ({ commitments: commitments.map(change) }));
}

function unitPlusN({ unit, omega }: SplitElement): SplitElement {
  return { unit: unit + n, omega: mod(omega - modInverse(unit, n), n) };
}

const FAULTS: readonly ProofFault[] = [
  'malformed',
  'element_range',
  'challenge_range',
  'response_range',
  'challenge_sum',
  'equation',
];

describe.each(FORGERIES)('check %s, %s: %s', (_check, fault, _what, forge) => {
  const { set, challenge: e, ...proof } = forge();
  const failed = verifier.failedChecks(set, proof, e);

  it('is what the whole verifier names', () => {
    expect(verifier.verify(set, proof, e)).toBe(fault);
  });
  it.each(FAULTS)('a verifier without %s', (removed) => {
    const remaining = failed.filter((check) => check !== removed);
    expect(remaining).toEqual(removed === fault ? [] : [fault]);
  });
});

describe('the statement', () => {
  it('comes from the caller, never from the proof, whatever else a proof holds', () => {
    const wider: TupleSet = { arity: 1, tuples: [[0n], [2n]] };
    const claimed = provenAs(wider, wider, 1);
    expect(verifier.verify(wider, claimed, claimed.challenge)).toBeUndefined();
    expect(verifier.verify(BIT, claimed, claimed.challenge)).toBe('equation');
    expect(verifier.verify(wider, claimed, claimed.challenge ^ 1n)).toBe('challenge_sum');
    expect(verifier.failedChecks(BIT, claimed, claimed.challenge ^ 1n)).toEqual(['challenge_sum', 'equation']);
  });
});

describe('check 7', () => {
  it('names a commitment that shares a factor with n', () => {
    const { p } = secret.exportPrimes();
    const { set, challenge: e, ...proof } = bentBit(0, () => ({ commitments: [{ unit: p * 3n, omega: 5n }] }));
    expect(verifier.failedChecks(set, proof, e)).toEqual(['equation']);
    expect(verifier.verify(set, proof, e)).toBe('not_coprime');
  });
});

describe('the branch distribution', () => {
  it('answers do not show the member: challenges of all branches fill their range alike', () => {
    const tops = [0, 1, 2].map((member) => {
      const counts = [0, 0, 0];
      for (let run = 0; run < 200; run += 1) {
        prover.prove(FLAG, member, challenge()).branches.forEach((branch, index) => {
          if (branch.challenge >> 127n === 1n) counts[index] = (counts[index] ?? 0) + 1;
        });
      }
      return counts;
    });
    // Binomial(200, 1/2): outside [50, 150] with probability below 1e-12 each.
    for (const count of tops.flat()) {
      expect(count).toBeGreaterThan(50);
      expect(count).toBeLessThan(150);
    }
  });
});
