/** A receiver's windows with an open label: closed, selected, released, published; what is not selected is nowhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import { bytesToBigInt } from '../../src/bytes.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { OTHER_KEY } from '../../src/plan/labels.js';
import { systemRandom } from '../../src/random.js';
import { ClosingFactors } from '../../src/receiver/closing-factors.js';
import { assertCanSelect } from '../../src/receiver/key-selection.js';
import { describeWindow, type PublishedWindow } from '../../src/receiver/publication.js';
import { PublishedMetrics } from '../../src/receiver/published-metrics.js';
import { ReleaseScheduler } from '../../src/receiver/release-scheduler.js';
import { Releaser } from '../../src/receiver/releaser.js';
import { WindowCloser } from '../../src/receiver/window-closer.js';
import { createLogger } from '../../src/service/logger.js';
import type { SelectionOutcome, SelectionRequest, SelectionResponse } from '../../src/wire/release.js';
import { EnvelopeVerifier, type VerifiedContribution } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { openPlan } from '../support/open-plans.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { key, WINDOW } from './harness.js';
import { TestDecryptor } from './test-decryptor.js';

/** Exact totals: no noise by the receiver, and the test decryptor adds none. */
const plan = openPlan({ privacy: { noise: 'keyholder' } });
const [report] = plan.reports;
const sealer = new TestSealer(plan, key);
const verifier = new EnvelopeVerifier([plan], [key]);
const HOUR = 3600;
const CLOSED = WINDOW + HOUR + 30;
const CANARY = 'canary-982451653';
const BUDGET = {
  domain: 'shop',
  periodStart: 0,
  measure: 'epsilon',
  limit: '2',
  consumed: '2',
  remaining: '0',
} as const;
const LEDGER = { sequence: 1, hash: 'h' };

/** Selects keys with two subjects, without noise. */
class SelectingDecryptor extends TestDecryptor {
  readonly selections: SelectionRequest[] = [];
  isSelected = (subjects: () => bigint): boolean => subjects() >= 2n;
  /** Changes what is answered, or throws. */
  answer: (outcome: SelectionOutcome, request: SelectionRequest) => SelectionOutcome = (outcome) => outcome;

  selectKeys(request: SelectionRequest): Promise<SelectionResponse> {
    this.selections.push(request);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const keys = request.keys.filter(({ aggregates }) =>
      this.isSelected(() => this.#subjects(aggregates[0]!.ciphertext)),
    );
    const selected = {
      status: 'selected' as const,
      releaseId: 's',
      keys: keys.map((each) => each.key),
      ledger: LEDGER,
    };
    return new Promise((resolve) => {
      resolve({ outcome: this.answer(selected, request), budget: BUDGET });
    });
  }

  #subjects(ciphertext: Uint8Array): bigint {
    return decodeSlots(key, testPrivateKey().decrypt(bytesToBigInt(ciphertext), systemRandom), 1)[0]!;
  }
}

let path: string;
let now: number;
let store: SqliteStore;
let decryptor: SelectingDecryptor;
let scheduler: ReleaseScheduler;
let logged: string[];

beforeEach(async () => {
  path = join(temporaryFolder(), 'receiver.sqlite');
  decryptor = new SelectingDecryptor(plan);
  now = WINDOW + 1;
  logged = [];
  await start();
  onTestFinished(stop);
});

async function start(): Promise<void> {
  store = SqliteStore.open(path, [key]);
  const logger = createLogger('test', 'silent');
  for (const level of ['warn', 'error', 'info'] as const) {
    logger[level] = (...line: unknown[]) => {
      logged.push(JSON.stringify(line, (_, value: unknown) => (value instanceof Error ? String(value) : value)));
    };
  }
  const factors = new ClosingFactors([key], systemRandom);
  const closer = await WindowCloser.open({ plans: [plan], store, factors, logger, startedAt: now });
  const releaser = new Releaser({ plans: [plan], store, decryptor, factors, logger });
  const clock = (): number => now * 1000;
  const common = { store, closer, releaser, clock, logger, retentionSeconds: 1_000_000 };
  scheduler = new ReleaseScheduler({ ...common, onPublished: () => undefined });
}

async function stop(): Promise<void> {
  await scheduler.close();
  await store.close();
}

async function tickAt(time: number): Promise<void> {
  now = time;
  await scheduler.tick();
  await scheduler.settled();
}

function contribution(feature: string, unit: number, windowStart = WINDOW): VerifiedContribution {
  const result = verifier.verify(
    sealer.sealBytes({ report: report!, windowStart, labels: [feature], members: [[1], [unit]] }),
  );
  if (!result.ok) throw new Error(result.reason);
  return result.contribution;
}

/** Two subjects of `search`, one of the canary, one visit without a key. */
async function contribute(windowStart = WINDOW): Promise<void> {
  const features: [string, number][] = [
    ['search', 1],
    ['search', 1],
    ['search', 0],
    [CANARY, 1],
    [OTHER_KEY, 0],
  ];
  const contributions = features.map(([feature, unit]) => contribution(feature, unit, windowStart));
  expect(await store.record(contributions, now)).toEqual(contributions.map(() => 'counted'));
}

async function releases(): Promise<PublishedWindow[]> {
  return (await store.published()).flatMap((window) => describeWindow(plan, window) ?? []);
}

function trueCounts({ cells }: PublishedWindow): Record<string, number | string> {
  return Object.fromEntries(
    cells.map(({ labels, values, suppressed }) => [labels['feature']!, suppressed ?? values[0]!.amount]),
  );
}

async function publishedCounts(): Promise<Record<string, number | string>[]> {
  return (await releases()).map(trueCounts);
}

describe('a window with an open label', () => {
  test('is closed, selected, released and published', async () => {
    await contribute();
    await tickAt(CLOSED - 0.001);
    expect(decryptor.selections).toHaveLength(0);
    await tickAt(CLOSED);
    expect(decryptor.selections.map(({ keys }) => keys.map((each) => each.key))).toEqual([[CANARY, 'search']]);
    expect(decryptor.requests.map(({ cells }) => cells.map(({ labels }) => labels))).toEqual([
      [['search'], [OTHER_KEY]],
    ]);
    await tickAt(CLOSED + 1);
    expect(await publishedCounts()).toEqual([{ search: 3, [OTHER_KEY]: 2 }]);
  });

  test('shows nothing of a key that is not selected: not in series, logs, releases or on disk', async () => {
    await contribute();
    await tickAt(CLOSED);
    await tickAt(CLOSED + 1);
    await tickAt(CLOSED + 2);
    const collected = JSON.stringify(await new PublishedMetrics(store, [plan]).collect());
    expect(collected).toContain('"feature":"search"');
    expect(collected).toContain(`"feature":"${OTHER_KEY}"`);
    expect(collected).toContain('"selection_threshold":"15"');
    expect(collected).toContain('"selection_delta":"1/1000000"');
    const folder = join(path, '..');
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    for (const text of [collected, JSON.stringify(await releases()), ...files, ...logged]) {
      expect(text).not.toContain(CANARY);
    }
    // Three series of two keys, none of a third, none suppressed.
    expect(collected).not.toContain('telemetry_kit.suppressed');
  });

  test('without traffic has its one cell for all other keys', async () => {
    await tickAt(CLOSED);
    await tickAt(CLOSED + 1);
    expect(decryptor.selections.map(({ keys }) => keys)).toEqual([[]]);
    expect(await publishedCounts()).toEqual([{ [OTHER_KEY]: 0 }]);
  });

  test('waits for the key holder with the same question, while later windows close', async () => {
    await contribute();
    decryptor.failure = TestDecryptor.outOfReach();
    await tickAt(CLOSED);
    await contribute(WINDOW + HOUR);
    await tickAt(CLOSED + HOUR);
    expect(await store.unselected()).toHaveLength(2);
    decryptor.failure = undefined;
    await tickAt(CLOSED + HOUR + 100);
    expect(decryptor.selections.at(-2)).toEqual(decryptor.selections[0]);
    await tickAt(CLOSED + HOUR + 101);
    const counts = { search: 3, [OTHER_KEY]: 2 };
    expect(await publishedCounts()).toEqual([counts, counts]);
  });

  test('asks again after a crash between the two questions, and releases what was selected first', async () => {
    await contribute();
    const closeSelected = vi.spyOn(store, 'closeSelected').mockRejectedValueOnce(new Error('crashed'));
    await tickAt(CLOSED);
    expect(closeSelected).toHaveBeenCalledOnce();
    expect(decryptor.requests).toHaveLength(0);
    await stop();
    await start();
    await tickAt(CLOSED + 1);
    expect(decryptor.selections[1]).toEqual(decryptor.selections[0]);
    await tickAt(CLOSED + 2);
    expect(await publishedCounts()).toEqual([{ search: 3, [OTHER_KEY]: 2 }]);
  });

  test.each<[string, SelectionOutcome]>([
    ['suppressed', { status: 'suppressed', releaseId: 's', reason: 'budget', ledger: LEDGER }],
    ['refused', { status: 'refused', reason: 'conflict' }],
  ])('whose selection is %s has one cell for everything, and says so to nobody by name', async (status, outcome) => {
    await contribute();
    decryptor.answer = () => outcome;
    await tickAt(CLOSED);
    await tickAt(CLOSED + 1);
    expect(await publishedCounts()).toEqual([{ [OTHER_KEY]: 5 }]);
    expect(logged.some((line) => line.includes('"reason":"conflict"'))).toBe(status === 'refused');
    for (const line of logged) expect(line).not.toMatch(/search|canary/);
  });

  test('is not released from an answer that was not asked for', async () => {
    await contribute();
    const wrong = [['other', 'search'], ['search', CANARY], ['search', 'search'], [OTHER_KEY]];
    for (const [index, keys] of wrong.entries()) {
      decryptor.answer = () => ({ status: 'selected', releaseId: 's', keys, ledger: LEDGER });
      await tickAt(CLOSED + 100 * index);
    }
    expect(decryptor.selections).toHaveLength(wrong.length);
    expect(decryptor.requests).toHaveLength(0);
    decryptor.answer = (outcome) => outcome;
    await tickAt(CLOSED + 1000);
    await tickAt(CLOSED + 1001);
    expect(await publishedCounts()).toEqual([{ search: 3, [OTHER_KEY]: 2 }]);
  });

  test('is asked for again while the clock of the key holder runs behind, not for ever', async () => {
    await contribute();
    decryptor.answer = () => ({ status: 'refused', reason: 'range' });
    await tickAt(CLOSED);
    expect(await store.unselected()).toHaveLength(1);
    await tickAt(WINDOW + HOUR + 600);
    await tickAt(WINDOW + HOUR + 601);
    expect(await publishedCounts()).toEqual([{ [OTHER_KEY]: 5 }]);
  });

  test('that passed while the receiver was down is suppressed, in its one declared cell', async () => {
    await tickAt(WINDOW + 2);
    await stop();
    now = WINDOW + 3 * HOUR + 40;
    await start();
    await tickAt(now);
    await tickAt(now + 1);
    const [first, second, third] = await publishedCounts();
    expect(first).toEqual({ [OTHER_KEY]: 0 });
    expect([second, third]).toEqual([{ [OTHER_KEY]: 'error' }, { [OTHER_KEY]: 'error' }]);
  });

  test('with more cells than one request takes asks several times', async () => {
    const first = contribution('key', 1);
    const many = Array.from({ length: 4100 }, (_, index) => {
      const id = first.id.slice();
      id.set(Buffer.from(String(10_000 + index)));
      return { ...first, id, ciphertexts: [], header: { ...first.header, labels: [`key-${String(10_000 + index)}`] } };
    });
    await store.record(many, now);
    decryptor.isSelected = () => true;
    await tickAt(CLOSED);
    expect(decryptor.requests.map(({ cells }) => cells.length)).toEqual([4096, 5]);
    await tickAt(CLOSED + 1);
    const [published] = await releases();
    expect(published!.cells).toHaveLength(4101);
    expect(published!.cells[4099]!.labels).toEqual({ feature: 'key-14099' });
  });
});

test('a decryptor that cannot select keys is refused for plans that need it', () => {
  const without = { releaseWindow: () => Promise.reject(new Error('unused')) };
  expect(() => assertCanSelect([plan], without)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  expect(() => assertCanSelect([], without)).not.toThrow();
  expect(() => assertCanSelect([plan], decryptor)).not.toThrow();
});
