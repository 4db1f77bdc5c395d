import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ClosingWindow, SelectingWindow, Store, WindowKey } from '../../src/aggregation/store.js';
import { bytesToBigInt } from '../../src/bytes.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { labelCombinations } from '../../src/plan/compile.js';
import { MAX_KEYS, OTHER_KEY } from '../../src/plan/labels.js';
import { unitCountIndex } from '../../src/plan/layout.js';
import { systemRandom } from '../../src/random.js';
import type { KeyedAggregate, WindowReleaseRequest, WindowReleaseResponse } from '../../src/wire/release.js';
import { EnvelopeVerifier, type VerifiedContribution } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { openPlan, openPlanDocument } from '../support/open-plans.js';
import { makePlace, stopPostgres, STORE_KINDS, type StorePlace } from '../support/store-places.js';

const privateKey = testPrivateKey();
const key = privateKey.publicKey;
const [document] = openPlanDocument().reports;
const region = { key: 'region', values: ['eu', 'us'], otherwise: 'us' };
const plan = openPlan({
  plan: {
    labels: [region, { key: 'feature', open: true }],
    reports: [{ ...document!, labels: ['feature', 'region'] }],
  },
});
const [report] = plan.reports;
const sealer = new TestSealer(plan, key);
const verifier = new EnvelopeVerifier([plan], [key]);
const encryptor = new Encryptor(key);
const START = 1_800_000_000;
const window: WindowKey = { planHash: plan.hashText, report: 0, windowStart: START };
const times = { ...window, windowEnd: START + 3600, publishAt: START + 3630 };
const CANARY = 'canary-982451653';

let place: StorePlace;
let store: Store;

afterAll(stopPostgres);

/** A real contribution of a true flag under a feature and region. */
function contribution(feature: string, unit: number, place = 0, windowStart = START): VerifiedContribution {
  const labels = [feature, place];
  const result = verifier.verify(sealer.sealBytes({ report: report!, windowStart, labels, members: [[1], [unit]] }));
  if (!result.ok) throw new Error(result.reason);
  return result.contribution;
}

function factors(): { kid: string; ciphertext: bigint }[] {
  return [{ kid: key.kid, ciphertext: encryptor.encryptZero(systemRandom) }];
}

function selecting(keys: readonly string[]): SelectingWindow {
  return {
    ...times,
    unitCount: unitCountIndex(report!),
    keys: keys.map((text) => ({ key: text, factors: factors() })),
  };
}

function closing(keys: readonly string[]): ClosingWindow {
  const cells = labelCombinations(report!, keys).map((labels) => ({
    measurement: 0,
    labels,
    slotShift: 0,
    accumulators: 1,
    factors: factors(),
  }));
  return { ...times, cells };
}

function opened(aggregates: readonly KeyedAggregate[], slots: number): bigint[] {
  const [{ ciphertext } = { ciphertext: new Uint8Array(0) }] = aggregates;
  return decodeSlots(key, privateKey.decrypt(bytesToBigInt(ciphertext), systemRandom), slots);
}

/** Closes the window up to the question which keys may be published. */
async function beginSelection(): Promise<string[]> {
  const keys = await store.beginSelection(times, [key.kid]);
  await store.awaitSelection(selecting(keys));
  return keys;
}

async function reopen(keys = [key]): Promise<void> {
  await store.close();
  store = await place.open(keys);
  await store.markAlive(START);
}

async function unitCounts(): Promise<Record<string, bigint>> {
  const { keys } = await store.selectionRequest(window);
  return Object.fromEntries(keys.map((each) => [each.key, opened(each.aggregates, 1)[0]!]));
}

async function trueCounts(): Promise<Record<string, bigint>> {
  const { cells } = await store.releaseRequest(window);
  return Object.fromEntries(cells.map(({ labels, aggregates }) => [labels.join('/'), opened(aggregates, 2)[0]!]));
}

describe.each(STORE_KINDS)('keys of an open label in %s', (kind) => {
  beforeEach(async () => {
    place = await makePlace(kind);
    store = await place.open([key]);
    onTestFinished(() => store.close());
    await store.openReport(window, START);
    await store.markAlive(START);
  });

  test('are met as they come, counted by subject whatever the other labels, and sorted by their bytes', async () => {
    const contributions = [
      contribution('search', 1),
      contribution('search', 0),
      contribution('search', 1, 1),
      contribution('\u{1F600}', 1),
      contribution('\uffee', 0),
      contribution(OTHER_KEY, 0),
    ];
    expect(await store.record(contributions, START)).toEqual(contributions.map(() => 'counted'));
    expect(await beginSelection()).toEqual(['search', '\uffee', '\u{1F600}']);
    expect(await unitCounts()).toEqual({ search: 2n, '\uffee': 0n, '\u{1F600}': 1n });
    expect((await store.selectionRequest(window)).keys.map((each) => each.key)).toEqual([
      'search',
      '\uffee',
      '\u{1F600}',
    ]);
  });

  test('that are selected have cells of their own, all others one together', async () => {
    await store.record(
      [
        contribution('search', 1),
        contribution('search', 0),
        contribution('rare', 1),
        contribution('rarer', 1),
        contribution('rarer', 1, 1),
        contribution(OTHER_KEY, 0),
      ],
      START,
    );
    await beginSelection();
    await store.closeSelected(closing(['search']));
    expect(await store.unselected()).toEqual([]);
    expect(await trueCounts()).toEqual({
      'search/0': 2n,
      'search/1': 0n,
      [`${OTHER_KEY}/0`]: 3n,
      [`${OTHER_KEY}/1`]: 1n,
    });
    const { cells } = await store.releaseRequest(window);
    expect(cells.map(({ count }) => count)).toEqual([2, 0, 3, 1]);
    await reopen();
    expect(await store.releaseRequest(window)).toEqual({ ...(await store.releaseRequest(window)), cells });
  });

  test('need no traffic: a window nobody contributed to has none, and is asked for all the same', async () => {
    expect(await beginSelection()).toEqual([]);
    expect(await store.unselected()).toEqual([window]);
    expect((await store.selectionRequest(window)).keys).toEqual([]);
    await store.closeSelected(closing([]));
    expect(await trueCounts()).toEqual({ [`${OTHER_KEY}/0`]: 0n, [`${OTHER_KEY}/1`]: 0n });
  });

  test('are asked for with the same bytes at every call, after a restart as well', async () => {
    await store.record([contribution('search', 1), contribution('rare', 1)], START);
    await beginSelection();
    const request = await store.selectionRequest(window);
    await reopen();
    expect(await store.unselected()).toEqual([window]);
    expect(await store.selectionRequest(window)).toEqual(request);
  });

  test('are late once their window closes, in every later state, and count no more', async () => {
    await store.record([contribution('search', 1)], START);
    expect(await store.beginSelection(times, [key.kid])).toEqual(['search']);
    expect(await store.record([contribution('search', 1), contribution('new', 1)], START)).toEqual(['late', 'late']);
    await reopen();
    // A receiver that stopped meanwhile closes it again.
    expect(await beginSelection()).toEqual(['search']);
    expect(await store.record([contribution('new', 1)], START)).toEqual(['late']);
    expect(await unitCounts()).toEqual({ search: 1n });
  });

  test('do not hold up the next window while they wait', async () => {
    const next = { ...times, windowStart: START + 3600, windowEnd: START + 7200 };
    await store.record([contribution('search', 1), contribution('search', 1, 0, START + 3600)], START);
    await beginSelection();
    expect(await store.openReport(window, 0)).toBe(START + 3600);
    expect(await store.beginSelection(next, [key.kid])).toEqual(['search']);
    await store.awaitSelection({ ...selecting(['search']), ...next });
    await store.closeSelected(closing(['search']));
    // The earlier window is aggregated after the later one closed, and opens nothing again.
    expect(await store.openReport(window, 0)).toBe(START + 7200);
    expect(await trueCounts()).toMatchObject({ 'search/0': 1n });
  });

  test('keep their contributions until they are selected, and lose them afterwards, their text included', async () => {
    await store.record([contribution('search', 1), contribution(CANARY, 1)], START);
    await beginSelection();
    while (await store.sweep(Infinity));
    expect(await unitCounts()).toEqual({ search: 1n, [CANARY]: 1n });
    if (place.files !== undefined) expect(place.files().includes(CANARY)).toBe(true);
    await store.closeSelected(closing(['search']));
    expect(await trueCounts()).toMatchObject({ 'search/0': 1n, [`${OTHER_KEY}/0`]: 1n });
    while (await store.sweep(0));
    await store.storeAnswer(window, answerTo(await store.releaseRequest(window)));
    if (place.files !== undefined) {
      expect(place.files().includes(CANARY)).toBe(false);
      expect(place.files().includes('search')).toBe(true);
    }
    await store.publishDue(times.publishAt);
    const [published] = await store.published();
    expect(published!.cells.map(({ labels }) => labels.join('/'))).toEqual([
      'search/0',
      'search/1',
      `${OTHER_KEY}/0`,
      `${OTHER_KEY}/1`,
    ]);
    await store.close();
    const tables = ['open_cells', 'key_counts', 'selections', 'selection_keys', 'accumulators', 'contributions'];
    expect(await place.count(tables)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('need their public key until they are selected', async () => {
    await store.record([contribution('search', 1)], START);
    await expect(store.beginSelection(times, [])).rejects.toMatchObject({ code: 'invalid_configuration' });
    expect(await store.record([contribution('search', 1)], START)).toEqual(['counted']);
    await beginSelection();
    expect(await store.keysInUse()).toEqual([{ planHash: plan.hashText, kid: key.kid }]);
    expect(await store.unfinishedReports()).toEqual([{ planHash: plan.hashText, report: 0 }]);
    await reopen([]);
    const without = {
      ...closing(['search']),
      cells: closing(['search']).cells.map((cell) => ({ ...cell, factors: [] })),
    };
    await expect(store.closeSelected(without)).rejects.toMatchObject({ code: 'invalid_configuration' });
    expect(await store.unselected()).toEqual([window]);
  });

  test('are refused beyond their number, known ones and all others never', async () => {
    const [known, other] = [contribution('known', 1), contribution(OTHER_KEY, 0)];
    const others = Array.from({ length: MAX_KEYS - 1 }, (_, index) => renamed(known, `key-${String(index)}`));
    expect(await store.record([known, ...others], START)).toEqual([known, ...others].map(() => 'counted'));
    const late = [contribution('one-more', 1), other, contribution('known', 0), contribution('known', 1, 1)];
    expect(await store.record(late, START)).toEqual(['label_limit', 'counted', 'counted', 'counted']);
    // The next window has room of its own.
    expect(await store.record([contribution('one-more', 1, 0, START + 3600)], START)).toEqual(['counted']);
    expect(await store.beginSelection(times, [key.kid])).toHaveLength(MAX_KEYS);
  });

  test('wait for nothing where none is asked for', async () => {
    await expect(store.selectionRequest(window)).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(store.closeSelected(closing([]))).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

/** As if sealed under another key: the store believes what was verified. */
function renamed({ header, id, ciphertexts }: VerifiedContribution, feature: string): VerifiedContribution {
  const other = id.slice();
  other.set(Buffer.from(feature));
  return { header: { ...header, labels: [feature, 0] }, id: other, ciphertexts: ciphertexts.slice(0, 0) };
}

function answerTo(request: WindowReleaseRequest): WindowReleaseResponse {
  const budget = {
    domain: 'shop',
    periodStart: 0,
    measure: 'epsilon' as const,
    limit: '2',
    consumed: '2',
    remaining: '0',
  };
  const refused = { status: 'refused' as const, reason: 'range' as const };
  return { cells: request.cells.map(() => refused), budget };
}
