import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALIVE_SLACK_SECONDS, type ClosingWindow, type Store, type WindowKey } from '../../src/aggregation/store.js';
import { addCiphertexts, ciphertextFromBytes, ciphertextToBytes } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { labelCombinations } from '../../src/plan/compile.js';
import { systemRandom } from '../../src/random.js';
import type { CellOutcome, WindowReleaseRequest, WindowReleaseResponse } from '../../src/wire/release.js';
import { EnvelopeVerifier, type VerifiedContribution } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';
import { makePlace, stopPostgres, STORE_KINDS, type StorePlace } from '../support/store-places.js';

const privateKey = testPrivateKey();
const key = privateKey.publicKey;
const plan = testPlan();
const [report] = plan.reports;
const sealer = new TestSealer(plan, key);
const verifier = new EnvelopeVerifier([plan], [key]);
const encryptor = new Encryptor(key);
const START = 1_800_000_000;
const window: WindowKey = { planHash: plan.hashText, report: 0, windowStart: START };
const position = { sequence: 7, hash: 'h' };

let place: StorePlace;
let store: Store;

afterAll(stopPostgres);

/** What a receiver does first: declares its reports and marks that it is up. */
async function openReport(): Promise<void> {
  await store.openReport(window, START);
  await store.markAlive(START);
}

/** A real contribution: flag true (1), false (2) or absent (0) and the category's member. */
function contribution(flag: number, category: number, region = 0, windowStart = START): VerifiedContribution {
  const members = [[flag], [category]];
  const result = verifier.verify(sealer.sealBytes({ report: report!, windowStart, labels: [region], members }));
  if (!result.ok) throw new Error(result.reason);
  return result.contribution;
}

/** Every declared cell, with fresh encryptions of 0 as factors. */
function closing(windowStart = START): ClosingWindow {
  const cells = report!.measurements.flatMap((_, measurement) =>
    labelCombinations(report!).map((labels) => ({
      measurement,
      labels,
      slotShift: 0,
      accumulators: 1,
      factors: [{ kid: key.kid, ciphertext: encryptor.encryptZero(systemRandom) }],
    })),
  );
  return { ...window, windowStart, windowEnd: windowStart + 60, publishAt: windowStart + 90, cells };
}

function opened(request: WindowReleaseRequest): Record<string, bigint[]> {
  return Object.fromEntries(
    request.cells.map(({ measurement, labels, aggregates }) => {
      const sum = aggregates.reduce(
        (product, { ciphertext }) => addCiphertexts(key, product, ciphertextFromBytes(key, ciphertext)!),
        1n,
      );
      const slots = report!.measurements[measurement]!.slots.length;
      return [
        `${String(measurement)}/${labels.join()}`,
        decodeSlots(key, privateKey.decrypt(sum, systemRandom), slots),
      ];
    }),
  );
}

function answerTo(request: WindowReleaseRequest): WindowReleaseResponse {
  const outcomes: CellOutcome[] = [
    { status: 'released', releaseId: 'a', values: [-3n, 2n ** 40n], ledger: position },
    { status: 'suppressed', releaseId: 'b', reason: 'budget', ledger: position },
    { status: 'refused', reason: 'conflict' },
  ];
  const budget = {
    domain: 'shop',
    periodStart: 0,
    measure: 'epsilon' as const,
    limit: '20',
    consumed: '1/3',
    remaining: '59/3',
  };
  return { cells: request.cells.map((_, index) => outcomes[index % 3]!), budget };
}

async function reopen(): Promise<void> {
  await store.close();
  store = await place.open([key]);
  await store.markAlive(START);
}

describe.each(STORE_KINDS)('a store in %s', (kind) => {
  beforeEach(async () => {
    place = await makePlace(kind);
    store = await place.open([key]);
  });

  afterEach(async () => {
    await store.close();
  });

  describe('contributions', () => {
    beforeEach(openReport);

    test('are counted once: twice in one call, in two calls, at the same time, after a restart', async () => {
      const [a, b] = [contribution(1, 1), contribution(1, 1)];
      expect(await store.record([a, a, b], START)).toEqual(['counted', 'duplicate', 'counted']);
      expect(await Promise.all([store.record([b], START), store.record([a, b], START)])).toEqual([
        ['duplicate'],
        ['duplicate', 'duplicate'],
      ]);
      await reopen();
      expect(await store.record([a], START)).toEqual(['duplicate']);
      await store.closeWindow(closing());
      expect(opened(await store.releaseRequest(window))['0/0']).toEqual([2n, 0n]);
    });

    test('are added up by measurement and label, across transactions and restarts', async () => {
      await Promise.all([store.record([contribution(1, 1)], START), store.record([contribution(1, 4)], START)]);
      await reopen();
      await store.record([contribution(2, 0), contribution(0, 2, 2)], START);
      await store.closeWindow(closing());
      expect(opened(await store.releaseRequest(window))).toEqual({
        '0/0': [2n, 1n],
        '0/1': [0n, 0n],
        '0/2': [0n, 0n],
        '1/0': [1n, 0n, 0n, 1n],
        '1/1': [0n, 0n, 0n, 0n],
        '1/2': [0n, 1n, 0n, 0n],
      });
    });

    test('are kept apart by window', async () => {
      await store.record([contribution(1, 0), contribution(1, 0, 0, START + 60)], START);
      await store.closeWindow(closing());
      await store.closeWindow(closing(START + 60));
      for (const windowStart of [START, START + 60]) {
        expect(opened(await store.releaseRequest({ ...window, windowStart }))['0/0']).toEqual([1n, 0n]);
      }
    });

    test('to a closed window are late and change nothing', async () => {
      await store.record([contribution(1, 0)], START);
      await store.closeWindow(closing());
      const before = await store.releaseRequest(window);
      expect(await store.record([contribution(1, 0), contribution(1, 0, 0, START + 60)], START)).toEqual([
        'late',
        'counted',
      ]);
      expect(await store.releaseRequest(window)).toEqual(before);
    });

    test('of a report that was never opened, or before its first window, are late', async () => {
      expect(await store.record([contribution(1, 0, 0, START - 60)], START)).toEqual(['late']);
    });

    test('arriving before the window closes are in it', async () => {
      const recorded = store.record([contribution(1, 0)], START);
      await store.closeWindow(closing());
      expect(await recorded).toEqual(['counted']);
      expect(opened(await store.releaseRequest(window))['0/0']).toEqual([1n, 0n]);
    });

    test('leave no trace of a transaction that failed', async () => {
      const a = contribution(1, 0);
      await store.close();
      store = await place.open([]);
      await store.markAlive(START);
      await expect(store.record([a], START)).rejects.toMatchObject({ code: 'invalid_configuration' });
      await store.close();
      store = await place.open([key]);
      await store.markAlive(START);
      expect(await store.record([a], START)).toEqual(['counted']);
    });

    test('are digested over their sorted ids', async () => {
      const both = [contribution(1, 0), contribution(2, 0)];
      await store.record(both, START);
      await store.closeWindow(closing());
      const sorted = both.map(({ id }) => Buffer.from(id)).sort((a, b) => a.compare(b));
      const [used, empty] = (await store.releaseRequest(window)).cells;
      expect(used).toMatchObject({
        count: 2,
        digest: new Uint8Array(createHash('sha256').update(Buffer.concat(sorted)).digest()),
      });
      expect(empty).toMatchObject({ count: 0, digest: new Uint8Array(createHash('sha256').digest()) });
    });
  });

  describe('a window that closes', () => {
    beforeEach(openReport);

    test('takes nothing any more while its accumulators are joined, and nothing is lost', async () => {
      const early = contribution(1, 0);
      await store.record([early], START);
      const closed = store.closeWindow(closing());
      // Counted as long as it is in the window, late from then on.
      let inIt = 1;
      while ((await store.record([contribution(1, 0)], START))[0] === 'counted') inIt += 1;
      expect(await store.record([contribution(1, 0), contribution(1, 0, 0, START + 60)], START)).toEqual([
        'late',
        'counted',
      ]);
      await closed;
      expect(opened(await store.releaseRequest(window))['0/0']).toEqual([BigInt(inIt), 0n]);
    });

    test('lets others run while it does, whether anybody contributed or not', async () => {
      const turnsOf = async (windowStart: number): Promise<number> => {
        let turns = 0;
        let over = false;
        const count = (): void => {
          turns += 1;
          if (!over) setImmediate(count);
        };
        setImmediate(count);
        await store.closeWindow(closing(windowStart));
        over = true;
        return turns;
      };
      const cells = closing().cells.length;
      expect(await turnsOf(START)).toBeGreaterThanOrEqual(cells);
      await store.record([contribution(1, 0, 0, START + 60)], START);
      expect(await turnsOf(START + 60)).toBeGreaterThanOrEqual(cells);
    });

    test('stays closed where the store stops meanwhile, and is closed again with the same contributions', async () => {
      await store.record([contribution(1, 0), contribution(1, 4, 1)], START);
      // The first half of closing; a window without open labels has no keys to select.
      expect(await store.beginSelection(closing(), [key.kid])).toEqual([]);
      await reopen();
      expect(await store.unanswered()).toEqual([]);
      expect(await store.openReport(window, 0)).toBe(START);
      expect(await store.record([contribution(1, 0)], START)).toEqual(['late']);
      // Nothing is swept that is needed.
      while (await store.sweep(START + 1000));
      await store.closeWindow(closing());
      const request = await store.releaseRequest(window);
      expect(opened(request)).toMatchObject({ '0/0': [1n, 0n], '1/1': [0n, 0n, 0n, 1n] });
      expect(request.cells.map(({ count }) => count)).toEqual([1, 1, 0, 1, 1, 0]);
    });

    test('is refused, and stays open, while a key it needs is missing', async () => {
      await store.record([contribution(1, 0)], START);
      expect(await store.keysInUse()).toEqual([{ planHash: plan.hashText, kid: key.kid }]);
      const other = testPrivateKey(1024).publicKey;
      const encryption = { kid: other.kid, ciphertext: new Encryptor(other).encryptZero(systemRandom) };
      const without = { ...closing(), cells: closing().cells.map((cell) => ({ ...cell, factors: [encryption] })) };
      await store.close();
      store = await place.open([other]);
      await expect(store.closeWindow(without)).rejects.toMatchObject({
        code: 'invalid_configuration',
        message: expect.stringContaining(key.kid) as string,
      });
      await reopen();
      expect(await store.record([contribution(1, 0)], START)).toEqual(['counted']);
      await store.closeWindow(closing());
      expect(opened(await store.releaseRequest(window))['0/0']).toEqual([2n, 0n]);
      expect(await store.keysInUse()).toEqual([]);
    });

    test('leaves nothing of its accumulators and aggregates in the files, once it is answered and swept', async () => {
      const { files } = place;
      if (files === undefined) return;
      const inFiles = (content: Uint8Array): boolean => files().includes(Buffer.from(content));
      const contributions = [contribution(1, 1), contribution(1, 1), contribution(2, 2)];
      let product = 1n;
      const products = [];
      for (const each of contributions) {
        await store.record([each], START);
        product = addCiphertexts(key, product, ciphertextFromBytes(key, each.ciphertexts[0]!.ciphertexts[0]!)!);
        products.push(ciphertextToBytes(key, product));
      }
      expect(inFiles(products[2]!)).toBe(true);
      await store.closeWindow(closing());
      const { cells } = await store.releaseRequest(window);
      while (await store.sweep(START));
      expect(products.some(inFiles)).toBe(false);
      expect(inFiles(cells[0]!.aggregates[0]!.ciphertext)).toBe(true);
      await store.storeAnswer(window, answerTo(await store.releaseRequest(window)));
      expect(cells.some(({ aggregates }) => inFiles(aggregates[0]!.ciphertext))).toBe(false);
      await store.close();
      expect([...products, contributions[0]!.id].some(inFiles)).toBe(false);
    });
  });

  describe('windows', () => {
    beforeEach(openReport);

    test('the question to the key holder is the same bytes for ever', async () => {
      await store.record([contribution(1, 0)], START);
      await store.closeWindow(closing());
      const first = await store.releaseRequest(window);
      await reopen();
      expect(await store.releaseRequest(window)).toEqual(first);
      expect(first.cells.map(({ measurement, labels }) => [measurement, ...labels])).toEqual([
        [0, 0],
        [0, 1],
        [0, 2],
        [1, 0],
        [1, 1],
        [1, 2],
      ]);
    });

    test('go from aggregated to answered to published', async () => {
      await store.closeWindow(closing());
      expect(await store.unanswered()).toEqual([window]);
      const response = answerTo(await store.releaseRequest(window));
      await store.storeAnswer(window, response);
      await reopen();
      expect(await store.unanswered()).toEqual([]);
      await expect(store.releaseRequest(window)).rejects.toMatchObject({ code: 'invalid_argument' });

      expect(await store.publishDue(START + 89.999)).toEqual([]);
      expect(await store.latestPublished(window)).toBeUndefined();
      expect(await store.publishDue(START + 90)).toEqual([window]);
      expect(await store.publishDue(START + 90)).toEqual([]);
      const published = await store.latestPublished(window);
      expect(published).toMatchObject({ ...window, windowEnd: START + 60, skipped: false, budget: response.budget });
      expect(published?.cells.map(({ outcome }) => outcome)).toEqual(response.cells);
      expect(await store.published()).toEqual([published]);
    });

    test('close in order', async () => {
      // In a shared store another receiver might be at work on a window that is not this one's to close.
      const refused = { code: expect.stringMatching(/^(invalid_argument|unavailable)$/) as string };
      await expect(store.closeWindow(closing(START + 60))).rejects.toMatchObject(refused);
      await store.closeWindow(closing());
      await expect(store.closeWindow(closing())).rejects.toMatchObject(refused);
      expect(await store.openReport(window, 0)).toBe(START + 60);
    });

    test('that were skipped are answered without cells', async () => {
      const skipped = [0, 60].map((offset) => ({
        ...window,
        windowStart: START + offset,
        windowEnd: START + offset + 60,
        publishAt: START + offset + 90,
      }));
      await store.skipWindows(skipped);
      expect(await store.unanswered()).toEqual([]);
      expect(await store.publishDue(START + 90)).toHaveLength(1);
      expect(await store.latestPublished(window)).toMatchObject({ windowStart: START, skipped: true, cells: [] });
      expect(await store.openReport(window, 0)).toBe(START + 120);
    });

    test('the one that starts last is the latest, whatever was answered last', async () => {
      await store.closeWindow(closing());
      await store.closeWindow(closing(START + 60));
      const second = { ...window, windowStart: START + 60 };
      await store.storeAnswer(second, answerTo(await store.releaseRequest(second)));
      await store.publishDue(START + 200);
      await store.storeAnswer(window, answerTo(await store.releaseRequest(window)));
      await store.publishDue(START + 201);
      expect(await store.latestPublished(window)).toMatchObject({ windowStart: START + 60 });
      expect((await store.published()).map(({ windowStart }) => windowStart)).toEqual([START + 60, START]);
    });

    test('once closed give back their room, and old publications too, except the last', async () => {
      await store.record([contribution(1, 0), contribution(1, 0, 1), contribution(1, 0, 0, START + 120)], START);
      for (const offset of [0, 60]) {
        const each = { ...window, windowStart: START + offset };
        await store.closeWindow(closing(START + offset));
        await store.storeAnswer(each, answerTo(await store.releaseRequest(each)));
      }
      await store.publishDue(START + 500);
      while (await store.sweep(START + 501));
      expect((await store.published()).map(({ windowStart }) => windowStart)).toEqual([START + 60]);
      await store.close();
      // What is left: the open window's contribution and the last publication.
      const tables = ['contributions', 'open_cells', 'accumulators', 'window_aggregates', 'window_cells'];
      expect(await place.count(tables)).toEqual([1, 1, 2, 0, 6]);
    });
  });

  describe('the store', () => {
    test('knows when a receiver may have been up: from its first mark to a while after its last, never going back', async () => {
      const end = START + 5 + ALIVE_SLACK_SECONDS;
      const spans = [
        { start: START - 10, end: START },
        { start: START - 10, end: START + 1 },
        { start: end, end: end + 60 },
        { start: end + 1, end: end + 60 },
      ];
      const up = (): Promise<boolean[]> => Promise.all(spans.map((span) => store.wasUp(span)));
      expect(await up()).toEqual([false, false, false, false]);
      await store.markAlive(START + 0.999);
      await store.markAlive(START + 5.999);
      await store.markAlive(START - 100);
      expect(await up()).toEqual([false, true, true, false]);
      await store.close();
      store = await place.open([key]);
      expect(await up()).toEqual([false, true, true, false]);
      await store.markAlive(end + 59);
      expect(await up()).toEqual([false, true, true, true]);
    });

    test('takes contributions for a while after a mark, which they do not move', async () => {
      await store.openReport(window, START);
      const refused = { code: 'unavailable' };
      await expect(store.record([contribution(1, 0)], START)).rejects.toMatchObject(refused);
      await store.markAlive(START);
      const later = { start: START + ALIVE_SLACK_SECONDS + 1, end: START + 1000 };
      expect(await store.record([contribution(1, 0)], START + ALIVE_SLACK_SECONDS)).toEqual(['counted']);
      expect(await store.wasUp(later)).toBe(false);
      const late = contribution(1, 0);
      await expect(store.record([late], START + ALIVE_SLACK_SECONDS + 0.5)).rejects.toMatchObject(refused);
      await store.markAlive(START + ALIVE_SLACK_SECONDS);
      expect(await store.record([late], START + ALIVE_SLACK_SECONDS + 0.5)).toEqual(['counted']);
    });

    test('knows which reports are not finished', async () => {
      await openReport();
      expect(await store.unfinishedReports()).toEqual([]);
      await store.record([contribution(1, 0)], START);
      const unfinished = [{ planHash: plan.hashText, report: 0 }];
      expect(await store.unfinishedReports()).toEqual(unfinished);
      await store.closeWindow(closing());
      expect(await store.unfinishedReports()).toEqual(unfinished);
      await store.storeAnswer(window, answerTo(await store.releaseRequest(window)));
      expect(await store.unfinishedReports()).toEqual(unfinished);
      await store.publishDue(START + 90);
      expect(await store.unfinishedReports()).toEqual([]);
    });
  });
});
