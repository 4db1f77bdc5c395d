/**
 * The two claims of set-membership.ts, counted out over moduli of a few bits with the real prover and verifier.
 *
 * Zero knowledge: for every obfuscation exponent alpha and challenge E, the answers (e_j, z_ji) have exactly the
 * same distribution whichever branch is true, and every commitment is a public function of them; and their
 * distance from what a simulator without alpha draws is exactly 1 - sum_e 2^-t(k-1) prod (1 - alpha_i e_j / 2^M),
 * M = A + t + s, which is at most k v 2^-s. Soundness: a false statement leaves every commitment one challenge.
 */
import { describe, expect, it } from 'vitest';
import {
  addRational,
  compareRational,
  divideRational,
  rational,
  ZERO,
  type Rational,
} from '../../src/math/rational.js';
import { splitStandard, type SplitElement } from '../../src/math/split-form.js';
import { gcd, mod } from '../../src/math/modular.js';
import type { TupleSet } from '../../src/math/tuple-set.js';
import { obfuscatorBits } from '../../src/paillier/obfuscation.js';
import type { PublicKey } from '../../src/paillier/public-key.js';
import { challengeModulus, maskBits, responseBits, type ProofParameters } from '../../src/proofs/parameters.js';
import { omegaOf } from '../../src/proofs/encoded-element.js';
import { commitComponent } from '../../src/proofs/prove-membership.js';
import { MembershipVerifier } from '../../src/proofs/verify-membership.js';
import { baseOrder, fittingCommitment, toyElement, toyKey, toyRecord } from '../support/toy-proofs.js';

const ONE = rational(1n, 1n);

interface Toy {
  readonly key: PublicKey;
  readonly parameters: ProofParameters;
  readonly set: TupleSet;
}

const SINGLE = (...members: bigint[]): TupleSet => ({ arity: 1, tuples: members.map((member) => [member]) });

/** Every sequence of `length` numbers below `bound`. */
function* sequences(length: number, bound: number): Generator<number[]> {
  const digits = new Array<number>(length).fill(0);
  for (;;) {
    yield digits;
    let position = 0;
    while (position < length && digits[position] === bound - 1) digits[position++] = 0;
    if (position === length) return;
    digits[position]! += 1;
  }
}

/** How often each answer comes out, over everything the prover can draw but alpha. */
class AnswerCount {
  readonly counts = new Map<number, number>();
  total = 0;

  /** `name` is one number for every answer. */
  add(name: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this.total += 1;
  }
}

/** Which masks and simulated challenges a prover draws: all of them, unless a test bends it. */
interface Draws {
  readonly masks?: (branch: number, member: number) => (gamma: number) => boolean;
  readonly challenges?: (e: number) => boolean;
}

/** Runs the real prover through all of its randomness and checks every commitment against its answer. */
function countAnswers(toy: Toy, alphas: readonly number[], member: number, E: bigint, draws: Draws = {}): AnswerCount {
  const { key, parameters, set } = toy;
  const branches = set.tuples.length;
  const maskCount = 2 ** maskBits(key, parameters);
  const challengeCount = Number(challengeModulus(parameters));
  const obfuscators = alphas.map((alpha) => toyRecord(key, 'obfuscator', BigInt(alpha), parameters));
  const records = Array.from({ length: maskCount }, (_, gamma) => toyRecord(key, 'mask', BigInt(gamma), parameters));
  const fitting = fittingCommitments(toy, alphas, member);
  const isDrawn = (gamma: number, mask: number): boolean =>
    draws.masks?.(Math.floor(mask / set.arity), member)(gamma) ?? true;
  const count = new AnswerCount();
  for (const others of sequences(branches - 1, challengeCount)) {
    if (!others.every(draws.challenges ?? (() => true))) continue;
    // The byte of the true branch is drawn and not used.
    const bytes = Uint8Array.of(...others.slice(0, member), 0xff, ...others.slice(member));
    for (const gammas of sequences(branches * set.arity, maskCount)) {
      if (!gammas.every(isDrawn)) continue;
      const masks = gammas.map((gamma) => records[gamma]!);
      const { commitments, finish } = commitComponent(
        key,
        set,
        member,
        { obfuscators, masks },
        () => bytes,
        parameters,
      );
      let name = 0;
      finish(E).forEach(({ challenge, responses }, branch) => {
        name = name * challengeCount + Number(challenge);
        responses.forEach((response, i) => {
          name = name * 2 * maskCount + Number(response);
          const fits = fitting[branch]![i]![Number(challenge)]![Number(response)]!;
          const element = commitments[branch]![i]!;
          if (element.bytes[0] !== Number(fits.unit) || omegaOf(key, element) !== fits.omega)
            throw new Error('a commitment does not fit');
        });
      });
      count.add(name);
    }
  }
  return count;
}

/** By branch, position, challenge and response: what the commitment must be. */
function fittingCommitments(
  { key, parameters, set }: Toy,
  alphas: readonly number[],
  member: number,
): SplitElement[][][][] {
  const upTo = (bound: bigint): bigint[] => Array.from({ length: Number(bound) }, (_, value) => BigInt(value));
  const challenges = upTo(challengeModulus(parameters));
  const responses = upTo(1n << BigInt(responseBits(key, parameters)));
  const ciphertexts = alphas.map((alpha, i) => toyElement(key, BigInt(alpha), set.tuples[member]![i]!));
  return set.tuples.map((tuple) =>
    tuple.map((d, i) =>
      challenges.map((e) =>
        responses.map((z) => splitStandard(fittingCommitment(key, ciphertexts[i]!, d, e, z), key.n)),
      ),
    ),
  );
}

/** 1 less the statistical distance: the sum of the smaller of both probabilities. */
function overlap(a: AnswerCount, b: AnswerCount): Rational {
  const common = [...a.counts].reduce(
    (sum, [name, count]) => sum + Math.min(count * b.total, (b.counts.get(name) ?? 0) * a.total),
    0,
  );
  return rational(BigInt(common), BigInt(a.total) * BigInt(b.total));
}

/** The average over e of what the intervals of all responses have in common with those of alpha = 0. */
function declaredOverlap({ key, parameters, set }: Toy, alphas: readonly number[], E: bigint): Rational {
  const range = 1n << BigInt(maskBits(key, parameters));
  const modulus = challengeModulus(parameters);
  let sum = ZERO;
  let challenges = 0n;
  for (const others of sequences(set.tuples.length - 1, Number(modulus))) {
    challenges += 1n;
    const last = mod(E - others.reduce((total, e) => total + BigInt(e), 0n), modulus);
    const factors = [...others.map(BigInt), last].flatMap((e) => alphas.map((alpha) => range - BigInt(alpha) * e));
    const product = factors.reduce((part, factor) => part * factor, 1n);
    sum = addRational(sum, rational(product, range ** BigInt(factors.length)));
  }
  return divideRational(sum, rational(challenges, 1n));
}

const TOYS: [string, Toy][] = [
  ['a bit, n = 33, t = 1, s = 2', { key: toyKey(33n), parameters: { challengeBits: 1, hidingBits: 2 }, set: SINGLE(0n, 1n) }],
  ['a bit, n = 15, t = 2, s = 1', { key: toyKey(15n), parameters: { challengeBits: 2, hidingBits: 1 }, set: SINGLE(0n, 1n) }],
  ['three members, n = 15, t = 1, s = 1', { key: toyKey(15n), parameters: { challengeBits: 1, hidingBits: 1 }, set: SINGLE(0n, 1n, 3n) }],
  [
    'pairs, n = 15, t = 1, s = 0',
    { key: toyKey(15n), parameters: { challengeBits: 1, hidingBits: 0 }, set: { arity: 2, tuples: [[0n, 1n], [1n, 0n]] } },
  ],
]; // prettier-ignore

describe('the branch distribution, all of it', () => {
  it.each(TOYS)('%s', (_name, toy) => {
    const { key, parameters, set } = toy;
    const branches = set.tuples.map((_, member) => member);
    const alphaCount = 2 ** obfuscatorBits(key);
    for (let E = 0n; E < challengeModulus(parameters); E += 1n) {
      const simulated = countAnswers(toy, new Array<number>(set.arity).fill(0), 0, E);
      for (const alphas of sequences(set.arity, alphaCount)) {
        const [first, ...rest] = branches.map((member) => countAnswers(toy, alphas, member, E));
        for (const other of rest) expect(compareRational(overlap(first!, other), ONE)).toBe(0);
        const common = overlap(first!, simulated);
        expect(compareRational(common, declaredOverlap(toy, alphas, E))).toBe(0);
        const bound = rational(BigInt(branches.length * set.arity), 1n << BigInt(parameters.hidingBits));
        expect(compareRational(addRational(common, bound), ONE)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  /** What the enumeration would show of provers that are a little wrong. */
  const [, bit] = TOYS[0]!;
  it.each<[string, Draws]>([
    [
      'shorter masks in the true branch',
      { masks: (branch, member) => (gamma) => branch !== member || gamma % 64 < 32 },
    ],
    ['simulated challenges that are never 0', { challenges: (e) => e !== 0 }],
  ])('would show %s', (_name, draws) => {
    const [zero, one] = [0, 1].map((member) => countAnswers(bit, [3], member, 1n, draws));
    expect(zero!.total).toBe(one!.total);
    expect(compareRational(overlap(zero!, one!), rational(3n, 4n))).toBeLessThan(0);
  });
});

describe('soundness, all of it', () => {
  /** Per commitment, the challenges that some response answers. */
  function answerable(key: PublicKey, parameters: ProofParameters, plaintext: bigint): number[] {
    const verifier = new MembershipVerifier(key, { teeth: 2, tables: 1 }, parameters);
    const ciphertexts = [splitStandard(toyElement(key, 1n, plaintext), key.n)];
    const order = baseOrder(key);
    const answered: number[] = [];
    for (let unit = 1n; unit < key.n; unit += 1n) {
      if (gcd(unit, key.n) !== 1n) continue;
      for (let omega = 0n; omega < key.n; omega += 1n) {
        let challenges = 0;
        for (let e = 0n; e < challengeModulus(parameters); e += 1n) {
          const holds = (z: bigint): boolean => {
            const branch = { commitments: [{ unit, omega }], challenge: e, responses: [z] };
            return verifier.verify(SINGLE(0n), { ciphertexts, branches: [branch] }, e) === undefined;
          };
          // Responses beyond the order of the base repeat.
          if (Array.from({ length: Number(order) }, (_, z) => BigInt(z)).some(holds)) challenges += 1;
        }
        answered.push(challenges);
      }
    }
    return answered;
  }
  const key = toyKey(35n);

  it.each([1n, 5n, 7n, 34n])('a ciphertext of %s as one of 0: no commitment has more than one answer', (plaintext) => {
    const answered = answerable(key, { challengeBits: 2, hidingBits: 1 }, plaintext);
    expect(answered).toHaveLength(24 * 35);
    expect(Math.max(...answered)).toBe(1);
  });
  it('a true statement: commitments of powers of the base have an answer to every challenge', () => {
    const answered = answerable(key, { challengeBits: 2, hidingBits: 1 }, 0n);
    expect(new Set(answered)).toEqual(new Set([0, 4]));
  });
  it('needs challenges below every prime factor: with more, 7 is one of 0 mod 35 for two of them', () => {
    expect(Math.max(...answerable(key, { challengeBits: 3, hidingBits: 1 }, 7n))).toBe(2);
  });
});
