import { randomBytes } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { fixedZero } from '../../src/aggregation/join-accumulators.js';
import type { ClosingWindow, DecodedTotal, Store, WindowKey } from '../../src/aggregation/store.js';
import { addCiphertexts, ciphertextFromBytes, ciphertextToBytes } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import type { PrivateKey } from '../../src/paillier/private-key.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { systemRandom } from '../../src/random.js';
import type { CellOutcome } from '../../src/wire/release.js';
import type { VerifiedContribution } from '../../src/wire/verify.js';
import { testPrivateKey } from '../support/keys.js';
import { makePlace, stopPostgres, STORE_KINDS, type StorePlace } from '../support/store-places.js';

/** Six windows of ten seconds a period; measurement 0 is a running total of two slots, 1 is not. */
const SECONDS = 10;
const PERIOD = 60;
const START = 1_800_000_000;
const WEIGHTS = [8n, 4n, 3n, 3n, 2n, 1n];
const planHash = Buffer.alloc(32, 5).toString('base64url');
const position = { sequence: 1, hash: 'h' };

const first = testPrivateKey(512);
const second = testPrivateKey(1024);
const encryptors = new Map([first, second].map(({ publicKey }) => [publicKey, new Encryptor(publicKey)]));

let place: StorePlace;
let store: Store;

afterAll(stopPostgres);

async function openStore(keys: readonly PrivateKey[]): Promise<void> {
  store = await place.open(keys.map(({ publicKey }) => publicKey));
  await store.markAlive(START);
}

const windowOf = (index: number): WindowKey => ({ planHash, report: 0, windowStart: START + index * SECONDS });

/** To slot `accumulator` of both measurements, as a coalesced envelope adds to its accumulators. */
function contribution(index: number, accumulator: number, amount: bigint, key = first): VerifiedContribution {
  const { publicKey } = key;
  const ciphertexts = [0, 1].map((measurement) => ({
    measurement,
    component: accumulator,
    ciphertexts: [ciphertextToBytes(publicKey, encryptors.get(publicKey)!.encrypt(amount, systemRandom))],
  }));
  const header = { kid: publicKey.kid, labels: [], mode: 'coalesced', spanBound: 15, ...windowOf(index) } as const;
  return { id: new Uint8Array(randomBytes(32)), header, ciphertexts };
}

function closing(index: number, keys: readonly PrivateKey[] = [first, second]): ClosingWindow {
  const window = windowOf(index);
  const { windowStart } = window;
  const periodStart = windowStart - (windowStart % PERIOD);
  return {
    ...window,
    windowEnd: windowStart + SECONDS,
    publishAt: windowStart + SECONDS,
    cells: [0, 1].map((measurement) => ({
      measurement,
      labels: [],
      slotShift: 48,
      accumulators: 2,
      factors: keys.map(({ publicKey }) => ({
        kid: publicKey.kid,
        ciphertext: encryptors.get(publicKey)!.encryptZero(systemRandom),
      })),
    })),
    totals: { measurements: [0], period: { start: periodStart, end: periodStart + PERIOD }, weights: WEIGHTS },
  };
}

/** What the key holder would see of this window: per measurement and slot, the plaintexts of all keys added. */
async function opened(index: number): Promise<bigint[][]> {
  const { cells } = await store.releaseRequest(windowOf(index));
  return cells.map(({ aggregates }) => {
    const perKey = aggregates.map(({ kid, ciphertext }) => {
      const key = [first, second].find(({ publicKey }) => publicKey.kid === kid)!;
      const plaintext = key.decrypt(ciphertextFromBytes(key.publicKey, ciphertext)!, systemRandom);
      return decodeSlots(key.publicKey, plaintext, 2);
    });
    return [0, 1].map((slot) => perKey.reduce((sum, slots) => sum + slots[slot]!, 0n));
  });
}

/** The definition, over the windows of one period, the oldest first. */
function weighted(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount, index) => sum + amount * WEIGHTS[amounts.length - 1 - index]!, 0n);
}

const released = (...values: bigint[]): CellOutcome => ({
  status: 'released',
  releaseId: 'r',
  values,
  ledger: position,
});

async function answer(index: number, outcomes: CellOutcome[], totals?: DecodedTotal[]): Promise<void> {
  const budget = {
    domain: 'shop',
    periodStart: 0,
    measure: 'epsilon' as const,
    limit: '1',
    consumed: '1',
    remaining: '0',
  };
  await store.storeAnswer(windowOf(index), { cells: outcomes, budget }, totals);
}

describe.each(STORE_KINDS)('in %s', (kind) => {
  beforeEach(async () => {
    place = await makePlace(kind);
    await openStore([first, second]);
    onTestFinished(() => store.close());
    await store.openReport({ planHash, report: 0 }, START);
  });

  describe('a running total', () => {
    test('is the weighted sum over the windows of its period, slot by slot; other cells are of their window alone', async () => {
      const amounts = [
        [3n, 1n],
        [0n, 0n],
        [5n, 7n],
        [1n, 0n],
        [0n, 2n],
        [9n, 9n],
      ];
      for (const [index, [x, y]] of amounts.entries()) {
        if (x! + y! > 0n) await store.record([contribution(index, 0, x!), contribution(index, 1, y!)], START);
        await store.closeWindow(closing(index));
        const soFar = amounts.slice(0, index + 1);
        expect(await opened(index)).toEqual([
          [weighted(soFar.map(([a]) => a!)), weighted(soFar.map(([, b]) => b!))],
          [x, y],
        ]);
      }
    });

    test('starts anew with every period', async () => {
      for (let index = 0; index < 8; index += 1) {
        await store.record([contribution(index, 0, BigInt(index + 1))], START);
        await store.closeWindow(closing(index));
      }
      expect((await opened(5))[0]).toEqual([weighted([1n, 2n, 3n, 4n, 5n, 6n]), 0n]);
      expect((await opened(6))[0]).toEqual([weighted([7n]), 0n]);
      expect((await opened(7))[0]).toEqual([weighted([7n, 8n]), 0n]);
    });

    test('counts windows in which the receiver was down as nothing, at their place', async () => {
      await store.record([contribution(0, 0, 2n), contribution(3, 0, 5n)], START);
      await store.closeWindow(closing(0));
      await store.skipWindows([1, 2].map((index) => closing(index)));
      await store.closeWindow(closing(3));
      expect((await opened(3))[0]).toEqual([weighted([2n, 0n, 0n, 5n]), 0n]);
      expect((await store.earlierReleases(windowOf(3), 0)).map(({ windowStart }) => windowStart)).toEqual([START]);
    });

    test('adds up contributions under every key', async () => {
      await store.record([contribution(0, 0, 1n), contribution(0, 0, 10n, second)], START);
      await store.closeWindow(closing(0));
      await store.record([contribution(1, 1, 4n, second)], START);
      await store.closeWindow(closing(1));
      await store.record([contribution(2, 0, 100n)], START);
      await store.closeWindow(closing(2));
      expect((await opened(2))[0]).toEqual([weighted([11n, 0n, 100n]), weighted([0n, 4n, 0n])]);
    });

    test('needs every key of its period: at the start, and when a window closes', async () => {
      await store.record([contribution(0, 0, 10n, second)], START);
      await store.closeWindow(closing(0));
      expect(await store.keysInUse()).toEqual([{ planHash, kid: second.publicKey.kid }]);
      await expect(store.closeWindow(closing(1, [first]))).rejects.toMatchObject({ code: 'invalid_configuration' });
      await store.closeWindow(closing(1));
      expect((await opened(1))[0]).toEqual([weighted([10n, 0n]), 0n]);
      for (let index = 2; index < 6; index += 1) await store.closeWindow(closing(index));
      expect(await store.keysInUse()).toEqual([]);
      await store.closeWindow(closing(6, [first]));
    });

    test('is the same where the store stopped while the window closed, or between windows', async () => {
      await store.record([contribution(0, 0, 2n), contribution(1, 0, 3n)], START);
      await store.closeWindow(closing(0));
      // The first half of closing.
      await store.beginSelection(
        closing(1),
        [first, second].map(({ publicKey }) => publicKey.kid),
      );
      await store.close();
      await openStore([first, second]);
      while (await store.sweep(START + 1000));
      await store.closeWindow(closing(1));
      await store.close();
      await openStore([first, second]);
      await store.closeWindow(closing(2));
      expect((await opened(1))[0]).toEqual([weighted([2n, 3n]), 0n]);
      expect((await opened(2))[0]).toEqual([weighted([2n, 3n, 0n]), 0n]);
    });
  });

  describe('releases of a running total', () => {
    const total = (amount: number): DecodedTotal => ({ since: START, amounts: [amount, 0.5], varianceFactor: 1 / 3 });

    test('are kept until the period is over, beside what they were decoded to, which stays with the publication', async () => {
      for (let index = 0; index < 5; index += 1) {
        await store.closeWindow(closing(index));
        expect(await store.earlierReleases(windowOf(index), 0)).toEqual(
          Array.from({ length: index }, (_, earlier) => ({
            windowStart: START + earlier * SECONDS,
            values: earlier === 2 ? undefined : [BigInt(earlier), -1n],
          })),
        );
        const outcome: CellOutcome =
          index === 2 ? { status: 'refused', reason: 'range' } : released(BigInt(index), -1n);
        await answer(index, [outcome, released(7n, 7n)], [total(index / 7)]);
        await store.publishDue(START + 1000);
        while (await store.sweep(START + 2000));
      }
      const shown = await store.published();
      expect(shown.map(({ cells }) => cells.map((cell) => cell.total))).toEqual(
        [0, 1, 2, 3, 4].map((index) => [total(index / 7), undefined]),
      );

      await store.closeWindow(closing(5));
      await store.closeWindow(closing(6));
      while (await store.sweep(START + 2000));
      expect(await store.earlierReleases(windowOf(5), 0)).toHaveLength(5);
      expect(await store.earlierReleases(windowOf(6), 0)).toEqual([]);
      for (const index of [5, 6]) await answer(index, [released(0n, 0n), released(0n, 0n)]);
      await store.publishDue(START + 1000);
      while (await store.sweep(START + 2000));
      expect((await store.published()).map(({ windowStart }) => windowStart)).toEqual([START + PERIOD]);
    });

    test('leave nothing of what they were made of in the files once the period is over', async () => {
      const { files } = place;
      if (files === undefined) return;
      const inFiles = (content: Uint8Array): boolean => files().includes(Buffer.from(content));
      const held = contribution(0, 0, 3n);
      const { publicKey } = first;
      const alone = ciphertextFromBytes(publicKey, held.ciphertexts[0]!.ciphertexts[0]!)!;
      const product = ciphertextToBytes(publicKey, addCiphertexts(publicKey, fixedZero(publicKey), alone));
      await store.record([held], START);
      const pure = {
        ...closing(0),
        cells: closing(0).cells.map((cell) => ({ ...cell, slotShift: 0, accumulators: 1 })),
      };
      await store.closeWindow(pure);
      await answer(0, [released(0n, 0n), released(0n, 0n)]);
      for (let index = 1; index < 6; index += 1) {
        await store.closeWindow(closing(index));
        while (await store.sweep(START));
        expect((await opened(index))[0]).toEqual([3n * WEIGHTS[index]!, 0n]);
        expect(inFiles(product)).toBe(index < 5);
      }
      await store.closeWindow(closing(6));
      expect((await opened(6))[0]).toEqual([0n, 0n]);
      while (await store.sweep(START));
      expect(inFiles(product)).toBe(false);
      expect(await store.keysInUse()).toEqual([]);
    });
  });
});
