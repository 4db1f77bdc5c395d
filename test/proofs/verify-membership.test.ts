import { describe, expect, it } from 'vitest';
import { gcd, mod, modInverse } from '../../src/math/modular.js';
import type { TupleSet } from '../../src/math/tuple-set.js';
import { joinSplit, splitStandard } from '../../src/math/split-form.js';
import { obfuscationBase } from '../../src/paillier/obfuscation.js';
import { CHALLENGE_MODULUS, responseBits } from '../../src/proofs/parameters.js';
import type { ProvenComponent } from '../../src/proofs/set-membership.js';
import { MembershipVerifier } from '../../src/proofs/verify-membership.js';
import { randomBits, systemRandom } from '../../src/random.js';
import { FixedBaseComb } from '../../src/math/fixed-base-comb.js';
import { testPrivateKey } from '../support/keys.js';
import { TestProver, withBranch } from '../support/proofs.js';

const secret = testPrivateKey();
const key = secret.publicKey;
const { n } = key;
const prover = new TestProver(key);
const verifier = new MembershipVerifier(key, { teeth: 4, tables: 2 });
const comb = new FixedBaseComb(obfuscationBase(key), n, 2 * key.bits, { teeth: 4, tables: 2 });

const BIT: TupleSet = { arity: 1, tuples: [[0n], [1n]] };
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

/** hs^x (1+n)^m in split form. */
function element(exponent: bigint, plaintext: bigint): { unit: bigint; omega: bigint } {
  const raw = comb.power(exponent);
  const joined = raw.unit * (1n + n * mod(raw.omega + plaintext, n));
  return splitStandard(mod(joined, key.nSquared), n);
}

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

  it('are accepted up to sign, because -1 is an n-th residue', () => {
    const e = challenge();
    const original = prover.prove(BIT, 1, e);
    const negated = withBranch(original, 0, (branch) => ({
      ...branch,
      commitments: branch.commitments.map((a) => splitStandard(key.nSquared - joinSplit(a, n), n)),
    }));
    expect(verifier.verify(BIT, negated, e)).toBeUndefined();
  });
});

/** Each attack fails exactly one check: without that check it would be accepted. */
describe('each check alone', () => {
  it('1: a branch missing, for a value whose branch is there', () => {
    const e = challenge();
    const onlyZero = prover.prove({ arity: 1, tuples: [[0n]] }, 0, e);
    expect(verifier.failedChecks(BIT, onlyZero, e)).toEqual(['malformed']);
  });

  it('2: a second encoding of the same commitment', () => {
    const e = challenge();
    const proof = withBranch(prover.prove(BIT, 1, e), 0, (branch) => ({
      ...branch,
      commitments: branch.commitments.map(({ unit, omega }) => ({
        unit: unit + n,
        omega: mod(omega - modInverse(unit, n), n),
      })),
    }));
    expect(verifier.failedChecks(BIT, proof, e)).toEqual(['element_range']);
    const shifted = withBranch(prover.prove(BIT, 1, e), 1, (branch) => ({
      ...branch,
      commitments: branch.commitments.map(({ unit, omega }) => ({ unit, omega: omega + n })),
    }));
    expect(verifier.failedChecks(BIT, shifted, e)).toEqual(['element_range']);
  });

  it('3: the classic forgery, a challenge that is a multiple of n makes 1,000,000 a bit', () => {
    const e = challenge();
    const value = 1_000_000n;
    const [gamma0, gamma1, e0] = [randomBits(systemRandom, 500), randomBits(systemRandom, 500), challenge()];
    const e1 = n * mod((e - e0) * modInverse(n, CHALLENGE_MODULUS), CHALLENGE_MODULUS);
    const forged: ProvenComponent = {
      ciphertexts: [element(0n, value)],
      branches: [
        { commitments: [element(gamma0, (0n - value) * e0)], challenge: e0, responses: [gamma0] },
        { commitments: [element(gamma1, 0n)], challenge: e1, responses: [gamma1] },
      ],
    };
    expect(verifier.failedChecks(BIT, forged, e)).toEqual(['challenge_range']);
  });

  it('4: a response moved by a multiple of the order of the base', () => {
    const e = challenge();
    const { p, q } = secret.exportPrimes();
    const order = ((p - 1n) * (q - 1n)) / gcd(p - 1n, q - 1n);
    const bound = 1n << BigInt(responseBits(key));
    const proof = withBranch(prover.prove(BIT, 0, e), 0, (branch) => ({
      ...branch,
      responses: branch.responses.map((z) => z + order * ((bound - z) / order + 1n)),
    }));
    expect(verifier.failedChecks(BIT, proof, e)).toEqual(['response_range']);
  });

  it('5: the sum of the challenges off by one', () => {
    const e = challenge();
    expect(verifier.failedChecks(BIT, prover.prove(BIT, 1, e), (e + 1n) % CHALLENGE_MODULUS)).toEqual([
      'challenge_sum',
    ]);
  });

  it('6: a value outside the set', () => {
    const e = challenge();
    const wide: TupleSet = { arity: 1, tuples: [[0n], [2n]] };
    expect(verifier.failedChecks(BIT, prover.prove(wide, 1, e), e)).toEqual(['equation']);
  });

  it('6: a tuple whose parts are allowed but not together', () => {
    const e = challenge();
    const wrong: TupleSet = { ...PRODUCT, tuples: [...PRODUCT.tuples.slice(0, 3), [1n, 1n, 0n]] };
    expect(verifier.failedChecks(PRODUCT, prover.prove(wrong, 3, e), e)).toEqual(['equation']);
  });

  it('7: names a commitment that shares a factor with n', () => {
    const e = challenge();
    const { p } = secret.exportPrimes();
    const proof = withBranch(prover.prove(BIT, 1, e), 0, (branch) => ({
      ...branch,
      commitments: [{ unit: p * 3n, omega: 5n }],
    }));
    expect(verifier.failedChecks(BIT, proof, e)).toEqual(['equation']);
    expect(verifier.verify(BIT, proof, e)).toBe('not_coprime');
  });
});

describe('hostile objects never throw', () => {
  const e = challenge();
  const proof = prover.prove(BIT, 1, e);
  it.each([0n, -1n, n, n + 1n, key.nSquared - 1n, 1n << 4000n, -(1n << 4000n)])('element %s', (value) => {
    expect(verifier.verify(BIT, { ...proof, ciphertexts: [{ unit: value, omega: 0n }] }, e)).toBe('element_range');
  });
  it.each([-1n, 1n << BigInt(responseBits(key)), 1n << 4000n, -(1n << 4000n)])('response %s', (value) => {
    const bent = withBranch(proof, 0, (branch) => ({ ...branch, responses: [value] }));
    expect(verifier.verify(BIT, bent, e)).toBe('response_range');
  });
  it.each([-1n, CHALLENGE_MODULUS, -(1n << 4000n)])('challenge %s', (value) => {
    const bent = withBranch(proof, 0, (branch) => ({ ...branch, challenge: value }));
    expect(verifier.verify(BIT, bent, e)).toBe('challenge_range');
  });
  it('the largest response allowed is not refused for its range', () => {
    const bent = withBranch(proof, 0, (branch) => ({ ...branch, responses: [(1n << BigInt(responseBits(key))) - 1n] }));
    expect(verifier.verify(BIT, bent, e)).toBe('equation');
  });
  it('a sum larger by 2^128 is the same sum', () => {
    const total = proof.branches.reduce((sum, branch) => sum + branch.challenge, 0n);
    expect(mod(total, CHALLENGE_MODULUS)).toBe(e);
  });
  it.each(['ciphertexts', 'branches'] as const)('empty %s', (part) => {
    expect(verifier.verify(BIT, { ...proof, [part]: [] }, e)).toBe('malformed');
  });
  it('branches swapped, sets swapped', () => {
    expect(verifier.verify(BIT, { ...proof, branches: [...proof.branches].reverse() }, e)).toBe('equation');
    expect(verifier.verify({ arity: 1, tuples: [[0n], [2n]] }, proof, e)).toBe('equation');
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
