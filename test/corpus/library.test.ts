/** The corpus against the library: one by one and in batches, which must always agree. */
import { describe, expect, it } from 'vitest';
import { createGroupKernel } from '../../src/math/group-kernel.js';
import { BatchVerifier } from '../../src/proofs/batch-verify.js';
import { MembershipVerifier } from '../../src/proofs/verify-membership.js';
import { systemRandom } from '../../src/random.js';
import { decodeEnvelope } from '../../src/wire/envelope.js';
import { EnvelopeVerifier, type VerifyResult } from '../../src/wire/verify.js';
import { SENT_ROWS } from './corpus.js';
import { honest } from './envelope-rows.js';
import { bit, OBJECT_ROWS } from './object-rows.js';
import { key, KEYS, PLANS } from './plans.js';
import { verdictsOf, type Verdict } from './row.js';

const verifier = new EnvelopeVerifier(PLANS, KEYS);

function verdictOf(result: VerifyResult): Verdict {
  return result.ok ? 'accepted' : result.reason;
}

/** As a receiver reads an attribute. */
function bytesOf(text: string): Uint8Array | undefined {
  return decodeEnvelope(text);
}

function alone(text: string): Verdict {
  const bytes = bytesOf(text);
  return bytes === undefined ? 'malformed' : verdictOf(verifier.verify(bytes));
}

/** All of them in one batch, with honest ones around them that must not suffer. */
function together(texts: readonly string[]): Verdict[] {
  const readable = texts.map(bytesOf);
  const around = [honest(), honest()].map((text) => bytesOf(text)!);
  const sent = [around[0]!, ...readable.filter((bytes) => bytes !== undefined), around[1]!];
  const verdicts = verifier.verifyMany(sent, systemRandom).map(verdictOf);
  expect([verdicts.shift(), verdicts.pop()]).toEqual(['accepted', 'accepted']);
  return readable.map((bytes) => (bytes === undefined ? 'malformed' : verdicts.shift()!));
}

describe.each(['proof', 'envelope', 'batch', 'range'])('%s', (section) => {
  it.each(SENT_ROWS.filter((row) => row.section === section).map((row) => [row.name, row] as const))('%s', (_, row) => {
    const texts = row.texts();
    const expected = verdictsOf(row, texts);
    const answers = texts.map(alone);
    expect(answers.map((verdict, index) => (matches(verdict, expected[index]!) ? expected[index] : verdict))).toEqual(
      expected,
    );
    expect(together(texts)).toEqual(answers);
  });
});

function matches(verdict: Verdict, expected: Verdict): boolean {
  return verdict === expected || (expected === 'rejected' && verdict !== 'accepted');
}

const KERNEL = createGroupKernel(key.n, { kernel: 'bigint' });
const SHAPE = { teeth: 4, tables: 2 };
const single = new MembershipVerifier(key, SHAPE);
const batch = new BatchVerifier(key, KERNEL, () => single, SHAPE);

/** What only a caller of the proofs can hand in. */
describe('objects', () => {
  it.each(OBJECT_ROWS.map((row) => [row.name, row] as const))('%s', (_, { subject, verdict }) => {
    const made = subject();
    const expected = verdict === 'accepted' ? undefined : verdict;
    expect(single.verify(made.set, made, made.challenge)).toBe(expected);
    expect(batch.verify([[bit()], [bit(), made], [bit()]], systemRandom)).toEqual([undefined, expected, undefined]);
  });
});

it('no two rows have the same name', () => {
  const names = [...SENT_ROWS, ...OBJECT_ROWS].map(({ section, name }) => `${section}: ${name}`);
  expect(new Set(names).size).toBe(names.length);
});
