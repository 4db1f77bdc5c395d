/**
 * Batch verifiers that are a little wrong, each with what it lets through. The random exponents come in as an
 * argument, so most of these mutants are the real verifier with another source of them; only the one that compares
 * signs strictly is built here.
 */
import { describe, expect, it } from 'vitest';
import { bytesToBigInt, concatBytes } from '../../src/bytes.js';
import { createGroupKernel } from '../../src/math/group-kernel.js';
import { mod, modInverse, modPow } from '../../src/math/modular.js';
import { joinSplit, type SplitElement } from '../../src/math/split-form.js';
import { obfuscationBase } from '../../src/paillier/obfuscation.js';
import { BatchVerifier, RHO_BITS } from '../../src/proofs/batch-verify.js';
import type { Subject } from '../../src/proofs/membership-checks.js';
import { MembershipVerifier } from '../../src/proofs/verify-membership.js';
import { randomBits, systemRandom, type RandomBytes } from '../../src/random.js';
import { sha256 } from '../../src/sha256.js';
import { decodeEnvelope } from '../../src/wire/envelope.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { answer, draft, draftComponent, negated, textOf } from '../corpus/forger.js';
import { bentBit, bit, BIT } from '../corpus/object-rows.js';
import { key, shop } from '../corpus/plans.js';

const { n, nSquared } = key;
const SHAPE = { teeth: 4, tables: 2 };
const single = new MembershipVerifier(key, SHAPE);
const batch = new BatchVerifier(key, createGroupKernel(n, { kernel: 'bigint' }), () => single, SHAPE);
const verifier = new EnvelopeVerifier([shop], [key], SHAPE, { kernel: 'bigint' });
/** Branches of the shop's flag and category: so many exponents an envelope takes. */
const RELATIONS = 3 + 5;
/** Branch of the flag that an envelope claims, and its exponent among the envelope's. */
const TRUE = 1;
const LARGE = 1_000_000n;

/** A source that anybody who knows the seed can run. */
function seeded(seed: number): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () => sha256(Uint8Array.of(seed, (counter += 1))));
    return concatBytes(blocks).subarray(0, length);
  };
}

function constant(length: number): Uint8Array {
  return new Uint8Array(length).fill(7);
}

/** The exponents a batch verifier will draw from a source, in the order of relations. */
function exponentsOf(random: RandomBytes, count: number): bigint[] {
  const bytes = random((count * RHO_BITS) / 8);
  return Array.from({ length: count }, (_, index) => bytesToBigInt(bytes.subarray(12 * index, 12 * (index + 1))));
}

/**
 * Two envelopes under the real transcript: the first claims a flag of 1,000,000, which leaves an error in one of its
 * equations; the second is made afterwards and carries the error that cancels it under these exponents.
 */
function cancellingPair(rhos: readonly bigint[]): Uint8Array[] {
  const first = draft();
  first.components[0] = draftComponent(first.components[0]!, first.components[0]!.set, TRUE, LARGE);
  const lie = answer(first);
  const error = (LARGE - 1n) * lie.components[0]!.branches[TRUE]!.challenge;
  const second = draft();
  const cancelling = mod(-rhos[TRUE]! * error * modInverse(rhos[RELATIONS + TRUE]!, n), n);
  const branch = second.components[0]!.branches[TRUE]!;
  branch.commitment = timesPowerOfN(branch.commitment, cancelling);
  return [lie, answer(second)].map((closed) => decodeEnvelope(textOf(closed))!);
}

function timesPowerOfN({ unit, omega }: SplitElement, exponent: bigint): SplitElement {
  return { unit, omega: mod(omega + exponent, n) };
}

const isCounted = (envelopes: readonly Uint8Array[], random: RandomBytes): boolean[] =>
  verifier.verifyMany(envelopes, random).map(({ ok }) => ok);

describe('exponents that a forger knows count a flag of 1,000,000:', () => {
  it('constant ones', () => {
    const forged = cancellingPair(exponentsOf(constant, 2 * RELATIONS));
    expect(isCounted(forged, constant)).toEqual([true, true]);
    expect(isCounted(forged, systemRandom)).toEqual([false, false]);
  });

  it('seeded ones, also where nobody was told the seed but it is one of few', () => {
    const guess = 41;
    const forged = cancellingPair(exponentsOf(seeded(guess), 2 * RELATIONS));
    expect(isCounted(forged, seeded(guess))).toEqual([true, true]);
    expect(isCounted(forged, seeded(guess + 1))).toEqual([false, false]);
    expect(isCounted(forged, systemRandom)).toEqual([false, false]);
  });

  it('reused ones, once a forger has seen those of an earlier check', () => {
    const seen: Uint8Array[] = [];
    const watched: RandomBytes = (length) => {
      const bytes = systemRandom(length);
      seen.push(bytes.slice());
      return bytes;
    };
    const replaying = (): RandomBytes => {
      let next = 0;
      return () => seen[next++]!.slice();
    };
    const harmless = [answer(draft()), answer(draft())].map((closed) => decodeEnvelope(textOf(closed))!);
    expect(isCounted(harmless, watched)).toEqual([true, true]);
    const forged = cancellingPair(exponentsOf(replaying(), 2 * RELATIONS));
    expect(isCounted(forged, replaying())).toEqual([true, true]);
    expect(isCounted(forged, watched)).toEqual([false, false]);
  });
});

describe('exponents drawn before the responses', () => {
  it('let responses through that no single verifier takes: what one gains the other loses', () => {
    const early = seeded(5);
    const [rho0, rho1] = exponentsOf(seeded(5), 2) as [bigint, bigint];
    const honest = bit();
    const shifts = [rho1, -rho0];
    const bent: Subject = {
      ...honest,
      branches: honest.branches.map((own, index) => ({ ...own, responses: [own.responses[0]! + shifts[index]!] })),
    };
    expect(batch.verify([[bent]], early)).toEqual([undefined]);
    expect(batch.verify([[bent]], systemRandom)).toEqual(['equation']);
    expect(single.verify(BIT, bent, bent.challenge)).toBe('equation');
  });
});

/** The batch equation of batch-verify.ts written out in standard numbers, with a comparison of one's choice. */
function holds(subjects: readonly Subject[], sameElement: (left: bigint, right: bigint) => boolean): boolean {
  let responses = 0n;
  let right = 1n;
  for (const { set, ciphertexts, branches } of subjects) {
    const c = joinSplit(ciphertexts[0]!, n);
    branches.forEach(({ commitments, challenge, responses: [z = 0n] }, j) => {
      const rho = randomBits(systemRandom, RHO_BITS);
      const u = (c * (1n + n * mod(-set.tuples[j]![0]!, n))) % nSquared;
      responses += rho * z;
      const relation = (joinSplit(commitments[0]!, n) * modPow(u, challenge, nSquared)) % nSquared;
      right = (right * modPow(relation, rho, nSquared)) % nSquared;
    });
  }
  return sameElement(modPow(joinSplit(obfuscationBase(key), n), responses, nSquared), right);
}

const strictly = (left: bigint, right: bigint): boolean => left === right;
const upToSign = (left: bigint, right: bigint): boolean => left === right || left === nSquared - right;

describe('a comparison that is strict about the sign', () => {
  /** One negated commitment: its relation is off by -1. */
  const negatedBit = (): Subject => bentBit(0, ({ commitments }) => ({ commitments: commitments.map(negated) }));
  /** Each run is a coin: all alike with probability 2^-39. */
  const RUNS = 40;

  it('answers one batch differently from time to time, where the real one does not', () => {
    const subjects = [negatedBit(), bit()];
    const answers = (same: typeof strictly): Set<boolean> =>
      new Set(Array.from({ length: RUNS }, () => holds(subjects, same)));
    expect(answers(strictly)).toEqual(new Set([true, false]));
    expect(answers(upToSign)).toEqual(new Set([true]));
  });

  it('accepts two wrong signs together half the time, and neither alone in every check', () => {
    const pair = [negatedBit(), negatedBit()];
    const together = Array.from({ length: RUNS }, () => holds(pair, strictly));
    expect(new Set(together)).toEqual(new Set([true, false]));
    expect(pair.map((own) => single.verify(BIT, own, own.challenge))).toEqual([undefined, undefined]);
  });

  it('agrees with the real one about honest proofs and false ones', () => {
    const outsider = bentBit(1, ({ responses: [z = 0n] }) => ({ responses: [z + 1n] }));
    expect([strictly, upToSign].map((same) => holds([bit(), bit()], same))).toEqual([true, true]);
    expect([strictly, upToSign].map((same) => holds([bit(), outsider], same))).toEqual([false, false]);
  });
});
