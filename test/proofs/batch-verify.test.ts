import { describe, expect, it } from 'vitest';
import { createGroupKernel, type GroupKernel, type PowerTerm } from '../../src/math/group-kernel.js';
import { joinSplit, splitStandard } from '../../src/math/split-form.js';
import type { TupleSet } from '../../src/math/tuple-set.js';
import { BatchVerifier, RHO_BITS, type EnvelopeSubjects } from '../../src/proofs/batch-verify.js';
import type { Subject } from '../../src/proofs/membership-checks.js';
import { MembershipVerifier } from '../../src/proofs/verify-membership.js';
import { randomBits, systemRandom, type RandomBytes } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';
import { TestProver, withBranch } from '../support/proofs.js';

const secret = testPrivateKey();
const key = secret.publicKey;
const { n } = key;
const prover = new TestProver(key);
const BIT: TupleSet = { arity: 1, tuples: [[0n], [1n]] };
const single = new MembershipVerifier(key, { teeth: 4, tables: 2 });

function subject(change: (honest: Subject) => Subject = (honest) => honest, set = BIT): Subject {
  const challenge = randomBits(systemRandom, 128);
  return change({ ...prover.prove(set, 1, challenge), set, challenge });
}

/** An honest proof with one commitment replaced. */
function withCommitment(replace: (standard: bigint) => bigint): Subject {
  return subject((honest) => ({
    ...honest,
    ...withBranch(honest, 0, (branch) => ({
      ...branch,
      commitments: branch.commitments.map((a) => splitStandard(replace(joinSplit(a, n)), n)),
    })),
  }));
}

const outsider = (): Subject => ({ ...subject(undefined, { arity: 1, tuples: [[0n], [2n]] }), set: BIT });
const nonUnit = (): Subject =>
  subject((honest) => ({
    ...honest,
    ...withBranch(honest, 1, (branch) => ({ ...branch, commitments: [{ unit: secret.exportPrimes().p, omega: 1n }] })),
  }));
const negated = (): Subject => withCommitment((standard) => key.nSquared - standard);

interface Counting {
  readonly batch: BatchVerifier;
  readonly kernel: { equations: number; exponents: bigint[][] };
  readonly singles: () => number;
}

/** A batch verifier whose work can be counted. */
function counting(): Counting {
  const inner = createGroupKernel(n, { kernel: 'bigint' });
  const seen = { equations: 0, exponents: [] as bigint[][] };
  const kernel: GroupKernel = {
    name: inner.name,
    reason: inner.reason,
    fixedBase: (...args) => inner.fixedBase(...args),
    powersOf: (base, exponents) => inner.powersOf(base, exponents),
    multiPower: (terms: readonly PowerTerm[]) => {
      seen.equations += 1;
      seen.exponents.push(terms.map(({ exponent }) => exponent));
      return inner.multiPower(terms);
    },
  };
  let singles = 0;
  const batch = new BatchVerifier(key, kernel, () => ((singles += 1), single), { teeth: 4, tables: 2 });
  return { batch, kernel: seen, singles: () => singles };
}

const honestBatch = (count: number): EnvelopeSubjects[] => Array.from({ length: count }, () => [subject(), subject()]);

describe('a batch', () => {
  it('of honest proofs costs one equation', () => {
    const { batch, kernel, singles } = counting();
    expect(batch.verify(honestBatch(16), systemRandom)).toEqual(new Array(16).fill(undefined));
    expect(kernel.equations).toBe(1);
    expect(singles()).toBe(0);
    expect(batch.verify([], systemRandom)).toEqual([]);
  });
  it('finds one bad envelope among many, and halves twice before it looks at single ones', () => {
    const { batch, kernel, singles } = counting();
    const envelopes = honestBatch(16);
    envelopes[5] = [subject(), outsider()];
    const expected = envelopes.map((_, index) => (index === 5 ? 'equation' : undefined));
    expect(batch.verify(envelopes, systemRandom)).toEqual(expected);
    // The whole, two halves, two quarters of the bad half.
    expect(kernel.equations).toBe(5);
    expect(singles()).toBeGreaterThan(0);
  });
  it('gives the same verdicts as single verification, whatever is wrong and however much', () => {
    const { batch } = counting();
    const kinds: (() => Subject)[] = [
      outsider,
      nonUnit,
      negated,
      () => subject((honest) => ({ ...honest, challenge: honest.challenge ^ 1n })),
      () => subject((honest) => ({ ...honest, ...withBranch(honest, 0, (b) => ({ ...b, responses: [-1n] })) })),
      () => subject((honest) => ({ ...honest, ciphertexts: [{ unit: 0n, omega: 0n }] })),
      () => subject((honest) => ({ ...honest, branches: honest.branches.slice(1) })),
    ];
    for (let run = 0; run < 12; run += 1) {
      const envelopes = Array.from({ length: 8 }, () => {
        const index = Number(randomBits(systemRandom, 4));
        return [subject(), (kinds[index] ?? subject)()];
      });
      const alone = envelopes.map((subjects) =>
        subjects.map((each) => single.verify(each.set, each, each.challenge)).find((fault) => fault !== undefined),
      );
      expect(batch.verify(envelopes, systemRandom)).toEqual(alone);
    }
  });
  it('looks at single proofs of many relations by an equation of their own, with the same verdicts', () => {
    const { batch, kernel, singles } = counting();
    const four: TupleSet = { arity: 1, tuples: [[0n], [1n], [2n], [3n]] };
    const good = (): Subject => subject(undefined, four);
    const wrong = (): Subject => ({ ...subject(undefined, { arity: 1, tuples: [[0n], [1n], [2n], [9n]] }), set: four });
    const { p } = secret.exportPrimes();
    const noUnit = (): Subject => {
      const honest = good();
      const commitments = [{ unit: p, omega: 1n }];
      return { ...honest, ...withBranch(honest, 2, (branch) => ({ ...branch, commitments })) };
    };
    const envelopes = [[good(), wrong()], [good()], [noUnit()], [good(), good()]];
    const alone = envelopes.map((subjects) =>
      subjects.map((each) => single.verify(each.set, each, each.challenge)).find((fault) => fault !== undefined),
    );
    expect(alone).toEqual(['equation', undefined, 'not_coprime', undefined]);
    expect(batch.verify(envelopes, systemRandom)).toEqual(alone);
    // The whole, its halves, their halves; then one for each proof of the two envelopes that are refused.
    expect(kernel.equations).toBe(1 + 2 + 4 + 3);
    expect(singles()).toBe(0);
  });
  it('accepts up to sign every time: negated commitments are no lottery', () => {
    const { batch, kernel } = counting();
    for (let run = 0; run < 20; run += 1) {
      expect(batch.verify([[negated()], [subject()], [negated()]], systemRandom)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
    expect(kernel.equations).toBe(20);
  });
});

describe.each(['bigint', 'wasm'] as const)('single verification with the %s kernel', (name) => {
  const kernel = createGroupKernel(n, { kernel: name });
  const verifier = new MembershipVerifier(key, { teeth: 4, tables: 2 }, undefined, kernel);
  it.each([
    ['an honest proof', subject, undefined],
    ['a negated commitment', negated, undefined],
    ['a value outside the set', outsider, 'equation'],
    ['a commitment that is no unit', nonUnit, 'not_coprime'],
  ] as const)('judges %s', (_what, make, fault) => {
    const { set, challenge, ...proof } = make();
    expect(verifier.verify(set, proof, challenge)).toBe(fault);
  });
});

describe('the random exponents', () => {
  it('are fresh for every relation and every test, of full length and never 0', () => {
    const { batch, kernel } = counting();
    const envelopes = honestBatch(4);
    envelopes[0] = [outsider()];
    batch.verify(envelopes, systemRandom);
    const rhos = kernel.exponents.flatMap((exponents) =>
      exponents.filter((exponent) => exponent < 1n << BigInt(RHO_BITS)),
    );
    expect(rhos.length).toBeGreaterThan(30);
    expect(new Set(rhos).size).toBe(rhos.length);
    expect(rhos.every((rho) => rho > 0n)).toBe(true);
    expect(rhos.some((rho) => rho >> BigInt(RHO_BITS - 1) === 1n)).toBe(true);
  });
  it('skip zero, which would leave a relation out', () => {
    const { batch } = counting();
    let draws = 0;
    const zeroFirst: RandomBytes = (length) => ((draws += 1) % 2 === 1 ? new Uint8Array(length) : systemRandom(length));
    expect(batch.verify([[outsider()]], zeroFirst)).toEqual(['equation']);
  });
});
