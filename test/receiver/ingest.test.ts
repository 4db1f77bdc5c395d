import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bigIntToBytes, fromBase64Url, toBase64Url } from '../../src/bytes.js';
import { addressEnvelope } from '../../src/wire/address.js';
import { componentBytes } from '../../src/wire/envelope.js';
import { openEnvelope } from '../../src/wire/open-envelope.js';
import { ComponentReader } from '../../src/wire/read-components.js';
import type { RejectionReason } from '../../src/wire/rejection.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan, testPlanDocument } from '../support/plans.js';
import { createHarness, envelope, gate, key, plan, until, WINDOW, type Harness } from './harness.js';

let harness: Harness;

beforeEach(async () => {
  harness = await createHarness();
});

afterEach(() => harness.close());

function ingest(...envelopes: string[]): Promise<unknown> {
  return harness.pipeline.ingest({ spans: envelopes.length, envelopes, malformed: 0 }, 'sender');
}

/** A valid envelope with some bytes replaced. */
function altered(change: (bytes: Uint8Array, view: DataView) => void): string {
  const bytes = fromBase64Url(envelope())!;
  change(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return toBase64Url(bytes);
}

/**
 * A changed envelope whose first challenge is set so that the sum is right again: everything a forger can do
 * without knowing the openings.
 */
function resealed(change: (bytes: Uint8Array) => void): string {
  const bytes = fromBase64Url(envelope())!;
  change(bytes);
  const address = addressEnvelope(bytes, { plans: new Map([[plan.hashText, plan]]), keys: new Map([[key.kid, key]]) });
  if (typeof address === 'string') throw new Error(address);
  const wanted = openEnvelope(address).subjects[0]!.challenge;
  const modulus = 1n << 128n;
  const reader = new ComponentReader(key, bytes, HEADER);
  let offset = HEADER;
  for (const set of plan.reports[0]!.measurements.flatMap(({ components }) => components)) {
    const { branches } = reader.component(set);
    const sum = branches.reduce((total, { challenge }) => total + challenge, 0n);
    const first = (branches[0]!.challenge + wanted - sum + modulus * 64n) % modulus;
    bytes.set(bigIntToBytes(first, 16), offset + 2 * ELEMENT);
    offset += componentBytes(key, set);
  }
  return toBase64Url(bytes);
}

const P = testPrivateKey().exportPrimes().p;
const MODULUS_BYTES = 64;
const HEADER = 82;
const ELEMENT = 2 * MODULUS_BYTES;
/** Of the first component: ciphertext, then per branch commitment, challenge, response. */
const FIRST_CHALLENGE = HEADER + 2 * ELEMENT;

describe('bad envelopes in batches', () => {
  const bad = (): string => altered((bytes) => (bytes[FIRST_CHALLENGE + 40]! ^= 1));
  const many = (count: number, make: () => string): string[] => Array.from({ length: count }, make);

  test('one among a hundred is lost alone', async () => {
    const good = many(99, () => envelope());
    expect(await ingest(...good.slice(0, 37), bad(), ...good.slice(37))).toEqual({
      rejectedSpans: 1,
      errorMessage: '1 of 100 envelopes not counted: equation 1',
    });
    expect(harness.counters).toMatchObject({ accepted: 99, rejected: { equation: 1 } });
    expect(await ingest(...good)).toBeUndefined();
    expect(harness.counters.duplicate).toBe(99);
  });

  test('nothing but bad ones are all rejected by name', async () => {
    await ingest(...many(20, bad));
    expect(harness.counters).toMatchObject({ accepted: 0, rejected: { equation: 20 } });
  });

  test('make their source wait for small batches, one after another, and nobody else', async () => {
    await ingest(...many(12, bad), ...many(20, () => envelope()));
    expect(harness.tasks).toEqual([32]);
    await ingest(...many(20, () => envelope()));
    const small = harness.tasks.slice(1);
    expect(small.length).toBeGreaterThan(2);
    expect(small.reduce((sum, size) => sum + size, 0)).toBe(20);
    const request = { spans: 20, envelopes: many(20, () => envelope()), malformed: 0 };
    await harness.pipeline.ingest(request, 'somebody else');
    expect(harness.tasks.slice(1 + small.length)).toEqual([20]);
    expect(harness.counters).toMatchObject({ accepted: 60, rejected: { equation: 12 } });
  });
});

describe('accepted contributions', () => {
  test('are stored before the answer and answered with success', async () => {
    expect(await ingest(envelope(), envelope())).toBeUndefined();
    expect(harness.counters).toMatchObject({ spans: 2, accepted: 2, duplicate: 0 });
  });

  test('that were counted before are success too', async () => {
    const twice = envelope();
    expect(await ingest(twice, twice)).toBeUndefined();
    expect(await Promise.all([ingest(twice), ingest(envelope(), twice)])).toEqual([undefined, undefined]);
    expect(harness.counters).toMatchObject({ accepted: 2, duplicate: 3 });
  });

  test('sealed again from the same value are other contributions', async () => {
    await ingest(envelope(), envelope());
    expect(harness.counters.accepted).toBe(2);
  });
});

describe('rejected contributions', () => {
  test.each<[RejectionReason, string, () => string]>([
    ['malformed', 'text that is not base64url', () => '!!!!'],
    ['malformed', 'padded base64url', () => `${envelope()}=`],
    ['malformed', 'nothing', () => ''],
    ['malformed', 'an envelope cut short', () => envelope().slice(0, -4)],
    ['malformed', 'an envelope with bytes after it', () => `${envelope()}AAAA`],
    ['malformed', 'text longer than any envelope', () => envelope() + 'A'.repeat(100_000)],
    ['unsupported_version', 'a longer envelope of another version', () => 'Ag' + 'A'.repeat(1_000_000)],
    ['unsupported_version', 'another version', () => altered((bytes) => bytes.fill(2, 0, 1))],
    ['unknown_key', 'another key', () => altered((bytes) => bytes.fill(7, 1, 33))],
    ['unknown_plan', 'another plan', () => envelope(WINDOW, 0, testPlan({ sequence: 2 }))],
    ['unknown_report', 'another report', () => altered((_, view) => view.setUint16(65, 1))],
    ['mode', 'another mode', () => altered((_, view) => view.setUint8(67, 1))],
    ['span_bound', 'another span bound', () => altered((_, view) => view.setUint32(76, 2))],
    ['labels', 'an undeclared label', () => altered((_, view) => view.setUint16(80, 3))],
    [
      'malformed',
      'a window that does not start on the grid',
      () => altered((_, view) => view.setBigUint64(68, BigInt(WINDOW + 1))),
    ],
    ['late', 'a window whose grace is over', () => envelope(WINDOW - 120)],
    ['too_early', 'a window far ahead', () => envelope(WINDOW + 120)],
    ['element_range', 'a ciphertext of 0', () => altered((bytes) => bytes.fill(0, HEADER, HEADER + ELEMENT))],
    [
      'response_range',
      'a response too large',
      () => altered((bytes) => bytes.fill(255, FIRST_CHALLENGE + 16, FIRST_CHALLENGE + 20)),
    ],
    ['challenge_sum', 'another challenge', () => altered((bytes) => (bytes[FIRST_CHALLENGE + 15]! ^= 1))],
    ['challenge_sum', 'another window', () => altered((_, view) => view.setBigUint64(68, BigInt(WINDOW + 60)))],
    ['challenge_sum', 'another label', () => altered((_, view) => view.setUint16(80, 1))],
    [
      'not_coprime',
      'a ciphertext that shares a factor with the key',
      () => resealed((bytes) => bytes.set(bigIntToBytes(P, MODULUS_BYTES), HEADER)),
    ],
    ['equation', 'another response', () => altered((bytes) => (bytes[FIRST_CHALLENGE + 40]! ^= 1))],
  ])('%s: %s', async (reason, _, make) => {
    const good = [envelope(), envelope()];
    expect(await ingest(good[0]!, make(), good[1]!)).toEqual({
      rejectedSpans: 1,
      errorMessage: `1 of 3 envelopes not counted: ${reason} 1`,
    });
    expect(harness.counters.rejected[reason]).toBe(1);
    expect(harness.counters.accepted).toBe(2);
  });

  test('are told by reason, in the order of the checks', async () => {
    const result = await harness.pipeline.ingest(
      {
        spans: 9,
        envelopes: [envelope(WINDOW - 120), envelope(WINDOW - 120), envelope(WINDOW + 120), '?', envelope()],
        malformed: 2,
      },
      'sender',
    );
    expect(result).toEqual({
      rejectedSpans: 6,
      errorMessage: '6 of 7 envelopes not counted: malformed 3, late 2, too_early 1',
    });
    expect(harness.counters).toMatchObject({
      spans: 9,
      accepted: 1,
      rejected: { malformed: 3, late: 2, too_early: 1 },
    });
  });

  test('never occupy their id: a valid envelope is counted after its damaged copies', async () => {
    const text = envelope();
    const bytes = fromBase64Url(text)!;
    bytes[FIRST_CHALLENGE + 40]! ^= 1;
    await ingest(toBase64Url(bytes));
    await ingest(text);
    expect(harness.counters).toMatchObject({ accepted: 1, duplicate: 0, rejected: { equation: 1 } });
  });

  test('to a window that closed while they were checked are late', async () => {
    const { promise, open } = gate();
    harness.gate = promise;
    const answered = ingest(envelope());
    await until(() => harness.pipeline.queued === 1);
    await harness.store.skipWindows(
      Array.from({ length: 11 }, (_, index) => ({
        planHash: testPlan().hashText,
        report: 0,
        windowStart: WINDOW - 600 + index * 60,
        windowEnd: WINDOW - 540 + index * 60,
        publishAt: WINDOW,
      })),
    );
    open();
    expect(await answered).toMatchObject({ errorMessage: '1 of 1 envelopes not counted: late 1' });
  });
});

describe('a full queue', () => {
  test('refuses whole requests before any work, and lets them in later', async () => {
    await harness.close();
    harness = await createHarness({ maxQueuedEnvelopes: 3 });
    const { promise, open } = gate();
    harness.gate = promise;
    const first = ingest(envelope(), envelope());
    await until(() => harness.pipeline.queued === 2);
    await expect(ingest(envelope(), '?')).rejects.toMatchObject({ code: 'unavailable' });
    expect(harness.counters.rejected.malformed).toBe(0);
    const third = ingest(envelope());
    open();
    expect(await Promise.all([first, third])).toEqual([undefined, undefined]);
    expect(await ingest(envelope(), envelope(), envelope(), envelope())).toBeUndefined();
    expect(harness.pipeline.queued).toBe(0);
  });

  test('is full in bytes too', async () => {
    await harness.close();
    harness = await createHarness({ maxQueuedBytes: 10_000 });
    const { promise, open } = gate();
    harness.gate = promise;
    const first = ingest(envelope());
    await until(() => harness.pipeline.queued === 1);
    await expect(ingest(envelope(), envelope(), envelope())).rejects.toMatchObject({ code: 'unavailable' });
    open();
    await first;
    expect(harness.pipeline.queued).toBe(0);
  });
});

test('where the store fails nothing is answered as counted, and counters do not move', async () => {
  await harness.store.close();
  await expect(ingest(envelope(), '?')).rejects.toMatchObject({ code: 'storage' });
  expect(harness.counters).toMatchObject({ spans: 0, accepted: 0, rejected: { malformed: 0 } });
  expect(harness.pipeline.queued).toBe(0);
});

test('a request of thousands of useless envelopes leaves turns to others', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  await ingest(...Array.from({ length: 5000 }, () => 'AAAA'));
  clearInterval(timer);
  expect(harness.counters.rejected.malformed).toBe(5000);
  expect(turns).toBeGreaterThan(0);
});

test('a plan for another key is unknown even where its envelope is valid', async () => {
  const foreign = testPlan({ ...testPlanDocument(), name: 'foreign' });
  expect(await ingest(envelope(WINDOW, 0, foreign))).toMatchObject({ rejectedSpans: 1 });
  expect(harness.counters.rejected.unknown_plan).toBe(1);
});
