import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../src/bytes.js';
import { testPlan, testPlanDocument } from '../support/plans.js';
import { createHarness, envelope, gate, until, WINDOW, type Harness } from './harness.js';

let harness: Harness;

beforeEach(async () => {
  harness = await createHarness();
});

afterEach(() => harness.close());

function ingest(...envelopes: string[]): Promise<unknown> {
  return harness.pipeline.ingest({ spans: envelopes.length, envelopes, malformed: 0 }, 'sender');
}

/** A valid envelope with some bytes replaced. */
function altered(change: (bytes: Uint8Array) => void): string {
  const bytes = fromBase64Url(envelope())!;
  change(bytes);
  return toBase64Url(bytes);
}

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

  test('make the requests of their source take turns, in a share of the queue, and nobody else', async () => {
    await harness.close();
    harness = await createHarness({ maxQueuedEnvelopes: 160 });
    const send = (source: string, envelopes: string[]): Promise<unknown> =>
      harness.pipeline.ingest({ spans: envelopes.length, envelopes, malformed: 0 }, source);
    const ten = (): string[] => many(10, () => envelope());
    await send('bad', many(12, bad));
    harness.tasks.length = 0;
    const held = gate();
    harness.gate = held.promise;
    // Two requests fill its share of 20.
    const first = send('bad', ten());
    const second = send('bad', ten());
    await expect(send('bad', ten())).rejects.toMatchObject({ code: 'unavailable' });
    const others = Array.from({ length: 8 }, (_, index) => send(`honest ${String(index)}`, ten()));
    await until(() => harness.waiting() === 1 + others.length);
    held.open();
    await Promise.all(others);
    await Promise.all([first, second]);
    expect(harness.mostAtOnce()).toBe(1 + others.length);
    expect(harness.counters.accepted).toBe(100);
    // Its room is free again.
    await send('bad', ten());
    expect(harness.counters.accepted).toBe(110);
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

/** Reason by reason, over both transports: corpus.test.ts. */
describe('rejected contributions', () => {
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
