import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import { ALIVE_SLACK_SECONDS } from '../../src/aggregation/store.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { ClosingFactors } from '../../src/receiver/closing-factors.js';
import { describeWindow, type PublishedWindow } from '../../src/receiver/publication.js';
import { ReleaseScheduler } from '../../src/receiver/release-scheduler.js';
import { Releaser } from '../../src/receiver/releaser.js';
import { WindowCloser } from '../../src/receiver/window-closer.js';
import { systemRandom } from '../../src/random.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { fromBase64Url } from '../../src/bytes.js';
import { testPlan } from '../support/plans.js';
import { envelope, key, logger, WINDOW } from './harness.js';
import { TestDecryptor } from './test-decryptor.js';

/** Exact totals: no noise by the receiver, and the test decryptor adds none. */
const plan = testPlan({
  window: { seconds: 60, graceSeconds: 30, lagSeconds: 5 },
  privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '20', noise: 'keyholder' },
});
const CLOSED = WINDOW + 90;
const PUBLISHED = WINDOW + 95;

let folder: string;
let now: number;
let store: SqliteStore;
let decryptor: TestDecryptor;
let releaser: Releaser;
let scheduler: ReleaseScheduler;
let published: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-release-'));
  decryptor = new TestDecryptor(plan);
  now = WINDOW + 1;
  published = 0;
  await start();
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

async function start(of: CompiledPlan = plan): Promise<void> {
  store = SqliteStore.open(join(folder, 'receiver.sqlite'), [key]);
  const factors = new ClosingFactors([key], systemRandom);
  const closer = await WindowCloser.open({ plans: [of], store, factors, logger, startedAt: now });
  releaser = new Releaser({ plans: [of], store, decryptor, factors, logger });
  scheduler = new ReleaseScheduler({
    store,
    closer,
    releaser,
    clock: () => now * 1000,
    logger,
    onPublished: () => (published += 1),
    retentionSeconds: 1_000_000,
  });
}

async function stop(): Promise<void> {
  await scheduler.close();
  await store.close();
}

/** With an empty store. */
async function restart(): Promise<void> {
  await stop();
  rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-release-'));
  now = WINDOW + 1;
  await start();
}

async function tickAt(time: number): Promise<void> {
  now = time;
  await scheduler.tick();
  await scheduler.settled();
}

async function contribute(windowStart = WINDOW, region = 0): Promise<void> {
  const result = new EnvelopeVerifier([plan], [key]).verify(fromBase64Url(envelope(windowStart, region, plan))!);
  if (!result.ok) throw new Error(result.reason);
  expect(await store.record([result.contribution], now)).toEqual(['counted']);
}

async function releases(): Promise<PublishedWindow[]> {
  return (await store.published()).flatMap((window) => describeWindow(plan, window) ?? []);
}

function values({ cells }: PublishedWindow): Record<string, number[]> {
  return Object.fromEntries(
    cells.map(({ measurement, labels, values }) => [
      `${measurement} ${labels['region']!}`,
      values.map(({ amount }) => amount),
    ]),
  );
}

const EMPTY = {
  'success eu': [0, 0],
  'success us': [0, 0],
  'success elsewhere': [0, 0],
  'plan eu': [0, 0, 0, 0],
  'plan us': [0, 0, 0, 0],
  'plan elsewhere': [0, 0, 0, 0],
};

describe('a window', () => {
  test('is closed, released and published exactly on time', async () => {
    await contribute();
    await contribute();
    await contribute(WINDOW, 2);
    await tickAt(CLOSED - 0.001);
    expect(decryptor.requests).toHaveLength(0);
    await tickAt(CLOSED);
    expect(decryptor.requests).toHaveLength(1);
    await tickAt(PUBLISHED - 0.001);
    expect(await releases()).toEqual([]);
    await tickAt(PUBLISHED);
    const [window] = await releases();
    expect(window).toMatchObject({ plan: 'shop', report: 'checkout', windowStart: WINDOW, windowEnd: WINDOW + 60 });
    expect(values(window!)).toEqual({ ...EMPTY, 'success eu': [2, 0], 'success elsewhere': [1, 0] });
    expect(published).toBe(1);
  });

  test('without traffic is released like any other', async () => {
    await tickAt(CLOSED);
    await tickAt(PUBLISHED);
    expect(values((await releases())[0]!)).toEqual(EMPTY);
    const [request] = decryptor.requests;
    expect(request?.cells).toHaveLength(6);
    const ciphertexts = request!.cells.map(({ aggregates }) => Buffer.from(aggregates[0]!.ciphertext).toString('hex'));
    expect(new Set(ciphertexts).size).toBe(6);
  });

  test('follows the one before; none is left out when ticks are missed', async () => {
    await contribute(WINDOW + 60);
    await tickAt(WINDOW + 300);
    await tickAt(WINDOW + 301);
    const windows = await releases();
    expect(windows.map(({ windowStart }) => windowStart - WINDOW)).toEqual([0, 60, 120, 180]);
    expect(values(windows[1]!)['success eu']).toEqual([1, 0]);
  });

  test('that is answered late is published on the next tick', async () => {
    decryptor.failure = TestDecryptor.outOfReach();
    await tickAt(CLOSED);
    decryptor.failure = undefined;
    await tickAt(PUBLISHED + 10);
    expect(await releases()).toEqual([]);
    await tickAt(PUBLISHED + 11);
    expect(await releases()).toHaveLength(1);
  });
});

describe('a key holder that is out of reach', () => {
  test('is asked again with the same bytes, ever less often, also after a restart', async () => {
    await contribute();
    decryptor.failure = TestDecryptor.outOfReach();
    const asked: number[] = [];
    for (let offset = 0; offset < 20; offset++) {
      const before = decryptor.requests.length;
      await tickAt(CLOSED + offset);
      if (decryptor.requests.length > before) asked.push(offset);
    }
    expect(asked).toEqual([0, 1, 3, 7, 15]);
    expect(releaser).toMatchObject({ reachable: false, attempts: { succeeded: 0, failed: 5 } });
    await stop();
    await start();
    decryptor.failure = undefined;
    await tickAt(CLOSED + 20);
    await tickAt(CLOSED + 21);
    const [first, ...others] = decryptor.requests;
    for (const other of others) expect(other).toEqual(first);
    expect(values((await releases())[0]!)['success eu']).toEqual([1, 0]);
    expect(releaser).toMatchObject({ reachable: true, attempts: { succeeded: 1, failed: 0 } });
  });

  test('does not keep later windows from closing and contributions from being counted', async () => {
    decryptor.failure = TestDecryptor.outOfReach();
    await tickAt(CLOSED);
    await contribute(WINDOW + 60);
    await tickAt(CLOSED + 60);
    expect(await store.unanswered()).toHaveLength(2);
    decryptor.failure = undefined;
    await tickAt(CLOSED + 120);
    await tickAt(CLOSED + 121);
    expect((await releases()).map((window) => values(window)['success eu'])).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  test('that never answers does not hold up publication or closing', async () => {
    let answer: (() => void) | undefined;
    const inner = decryptor.releaseWindow.bind(decryptor);
    await tickAt(CLOSED);
    decryptor.releaseWindow = async (request) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return inner(request);
    };
    now = CLOSED + 60;
    await scheduler.tick();
    now = CLOSED + 120;
    await scheduler.tick();
    expect((await releases()).map(({ windowStart }) => windowStart)).toEqual([WINDOW]);
    expect(await store.unanswered()).toHaveLength(2);
    expect(answer).toBeDefined();
    await stop();
    await start();
    decryptor.releaseWindow = inner;
    await tickAt(CLOSED + 121);
    expect(await store.unanswered()).toHaveLength(0);
  });
});

describe('what the key holder decides', () => {
  test('suppressed and refused cells are published as suppressed, never as zero', async () => {
    const ledger = { sequence: 9, hash: 'x' };
    decryptor.override = (outcome, { measurement, labels }) => {
      if (measurement === 1) return { status: 'suppressed', releaseId: 'r', reason: 'budget', ledger };
      return labels[0] === 0 ? { status: 'refused', reason: 'conflict' } : outcome;
    };
    await tickAt(CLOSED);
    await tickAt(PUBLISHED);
    const [window] = await releases();
    expect(window!.cells.map(({ suppressed, values }) => suppressed ?? values.length)).toEqual([
      'error',
      2,
      2,
      'budget',
      'budget',
      'budget',
    ]);
    expect(window!.cells[3]).toMatchObject({ values: [], ledger });
  });

  test('a refusal because its clock is behind is asked again, but not for ever', async () => {
    decryptor.override = () => ({ status: 'refused', reason: 'range' });
    await tickAt(CLOSED);
    expect(await store.unanswered()).toHaveLength(1);
    decryptor.override = undefined;
    await tickAt(CLOSED + 1);
    expect(await store.unanswered()).toHaveLength(0);

    decryptor.override = () => ({ status: 'refused', reason: 'range' });
    await tickAt(CLOSED + 60);
    for (let minutes = 0; minutes <= 15; minutes++) await tickAt(WINDOW + 120 + 60 * minutes);
    const last = (await releases()).find(({ windowStart }) => windowStart === WINDOW + 60);
    expect(last?.cells.every(({ suppressed }) => suppressed === 'error')).toBe(true);
  });

  test('an answer that does not fit the question is no answer', async () => {
    decryptor.override = (outcome) => (outcome.status === 'released' ? { ...outcome, values: [1n] } : outcome);
    await tickAt(CLOSED);
    expect(await store.unanswered()).toHaveLength(1);
    expect(await releases()).toEqual([]);
  });
});

describe('a receiver that was down', () => {
  test('for a whole window and longer skips it, and releases every window it may have taken part in', async () => {
    await contribute();
    await tickAt(WINDOW + 2);
    await stop();
    now = WINDOW + 400;
    await start();
    await tickAt(WINDOW + 400);
    await tickAt(WINDOW + 401);
    // Marked at WINDOW + 2, so perhaps up until + 62: a sender a minute ahead could use the window at + 120 by then.
    // Up again at + 400: the grace of the window at + 300 is over at + 390, that of the one at + 360 is not.
    const windows = await releases();
    expect(windows.map(({ windowStart, cells }) => [windowStart - WINDOW, cells[0]!.suppressed ?? 'released'])).toEqual(
      [
        [0, 'released'],
        [60, 'released'],
        [120, 'released'],
        [180, 'error'],
        [240, 'error'],
        [300, 'error'],
      ],
    );
    expect(values(windows[0]!)['success eu']).toEqual([1, 0]);
    expect(windows[3]!.cells).toHaveLength(6);
    expect(windows[3]!.budget).toBeUndefined();
    await contribute(WINDOW + 360);
  });

  test('never loses what it acknowledged, even for a window that had not begun', async () => {
    await tickAt(WINDOW + 10);
    now = WINDOW + 61;
    await contribute(WINDOW + 120);
    await stop();
    now = WINDOW + 5000;
    await start();
    await tickAt(now);
    await tickAt(now + 1);
    const window = (await releases()).find(({ windowStart }) => windowStart === WINDOW + 120);
    expect(values(window!)['success eu']).toEqual([1, 0]);
  });

  test('skips the same windows whether or not anybody contributed just before', async () => {
    const skippedAfter = async (contributions: number): Promise<number[]> => {
      await tickAt(WINDOW + 58);
      now = WINDOW + 61;
      for (let index = 0; index < contributions; index++) await contribute(WINDOW + 120);
      // It dies at + 62 without another mark.
      await stop();
      now = WINDOW + 600;
      await start();
      await tickAt(now);
      await tickAt(now + 1);
      const windows = (await releases()).filter(({ cells }) => cells[0]!.suppressed === 'error');
      return windows.map(({ windowStart }) => windowStart - WINDOW);
    };
    const without = await skippedAfter(0);
    await restart();
    expect(await skippedAfter(1)).toEqual(without);
    // Perhaps up until + 118: a sender a minute ahead could use the window at + 120 by then, that at + 180 not.
    expect(without).toEqual([180, 240, 300, 360, 420, 480]);
  });

  test('took nothing for a window that it skips: a mark older than a minute speaks for nobody', async () => {
    await tickAt(WINDOW + 10);
    now = WINDOW + 70;
    await contribute(WINDOW + 120);
    now = WINDOW + 70.001;
    const sealed = new EnvelopeVerifier([plan], [key]).verify(fromBase64Url(envelope(WINDOW + 120, 0, plan))!);
    const contributions = sealed.ok ? [sealed.contribution] : [];
    await expect(store.record(contributions, now)).rejects.toMatchObject({ code: 'unavailable' });
    await tickAt(WINDOW + 71);
    expect(await store.record(contributions, now)).toEqual(['counted']);
  });

  test('goes on when its clock was set back', async () => {
    await tickAt(CLOSED);
    await stop();
    now = WINDOW - 1000;
    await start();
    await tickAt(now);
    await tickAt(PUBLISHED);
    expect(await releases()).toHaveLength(1);
  });
});

test('windows that take long to close hold up neither publication nor the mark that the receiver is up', async () => {
  await tickAt(CLOSED);
  const real = store.closeWindow.bind(store);
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  store.closeWindow = (window) => held.then(() => real(window));
  now = CLOSED + 60;
  const closing = scheduler.tick();
  now = CLOSED + 120;
  const next = scheduler.tick();
  await expect.poll(async () => (await releases()).length).toBe(1);
  expect(await store.wasUp({ start: CLOSED + 121 + ALIVE_SLACK_SECONDS - 1, end: Infinity })).toBe(true);
  expect(await store.wasUp({ start: CLOSED + 121 + ALIVE_SLACK_SECONDS, end: Infinity })).toBe(false);
  expect(await store.unanswered()).toEqual([]);
  goOn();
  await Promise.all([closing, next]);
  expect(await store.unanswered()).not.toEqual([]);
});

test('the store is what counts: a failing one is tried again at the next tick', async () => {
  const real = store.closeWindow.bind(store);
  store.closeWindow = (window) => real(window).then(() => Promise.reject(new Error('told to fail after the commit')));
  await tickAt(CLOSED);
  store.closeWindow = real;
  await tickAt(CLOSED + 1);
  await tickAt(PUBLISHED);
  expect((await releases()).map(({ windowStart }) => windowStart)).toEqual([WINDOW]);
});
