/** Several receivers on one PostgreSQL database. */
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { PostgresStore } from '../../src/aggregation/postgres-store.js';
import type { ClosingWindow, Store, WindowKey } from '../../src/aggregation/store.js';
import { bytesToBigInt } from '../../src/bytes.js';
import { ciphertextToBytes } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { systemRandom } from '../../src/random.js';
import type { VerifiedContribution } from '../../src/wire/verify.js';
import { testPrivateKey } from '../support/keys.js';
import { newPostgresDatabase, stopPostgres, withClient } from '../support/store-places.js';

const privateKey = testPrivateKey();
const key = privateKey.publicKey;
const encryptor = new Encryptor(key);
const START = 1_800_000_000;
const planHash = Buffer.alloc(32, 5).toString('base64url');
const window: WindowKey = { planHash, report: 0, windowStart: START };
const CELLS = 8;

let url: string;
let stores: Store[];

afterAll(stopPostgres);

beforeEach(async () => {
  url = await newPostgresDatabase();
  stores = [];
  for (let index = 0; index < 3; index += 1) stores.push(await openStore());
});

async function openStore(leaseMillis = 30_000): Promise<Store> {
  const store = await PostgresStore.open({ url, keys: [key], leaseMillis });
  onTestFinished(() => store.close());
  await store.openReport(window, START);
  await store.markAlive(START);
  return store;
}

/** Adds 1 to measurement 0 of a cell. */
function contribution(index: number): VerifiedContribution {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, index);
  const header = { kid: key.kid, labels: [index % CELLS], mode: 'per-span', spanBound: 0, ...window } as const;
  const ciphertext = ciphertextToBytes(key, encryptor.encrypt(1n, systemRandom));
  return { id, header, ciphertexts: [{ measurement: 0, component: 0, ciphertexts: [ciphertext] }] };
}

function closing(): ClosingWindow {
  const cells = Array.from({ length: CELLS }, (_, label) => ({
    measurement: 0,
    labels: [label],
    slotShift: 0,
    accumulators: 1,
    factors: [{ kid: key.kid, ciphertext: encryptor.encryptZero(systemRandom) }],
  }));
  return { ...window, windowEnd: START + 60, publishAt: START + 90, cells };
}

async function totals(): Promise<bigint[]> {
  const { cells } = await stores[0]!.releaseRequest(window);
  return cells.map(({ aggregates }) => privateKey.decrypt(bytesToBigInt(aggregates[0]!.ciphertext), systemRandom));
}

test('each contribution counts once, whichever receivers are sent it, in whatever order and at the same time', async () => {
  const all = Array.from({ length: 160 }, (_, index) => contribution(index));
  const outcomes = await Promise.all(
    stores.flatMap((store, shift) =>
      Array.from({ length: 8 }, (_, part) => {
        const mine = all.filter((_each, index) => (index + shift) % 8 === part);
        return store.record(shift === 1 ? mine.reverse() : mine, START);
      }),
    ),
  );
  expect(outcomes.flat().filter((outcome) => outcome === 'counted')).toHaveLength(160);
  expect(outcomes.flat().filter((outcome) => outcome === 'duplicate')).toHaveLength(320);
  await stores[1]!.exclusively(window, 'open', () => stores[1]!.closeWindow(closing()));
  expect(await totals()).toEqual(Array.from({ length: CELLS }, () => 20n));
});

test('what is counted while another receiver closes the window is in it, what comes later is late', async () => {
  const [a, b] = [stores[0]!, stores[1]!];
  const closed = a.exclusively(window, 'open', () => a.closeWindow(closing()));
  let counted = 0;
  for (let index = 0; ; index += 1) {
    const [outcome] = await b.record([contribution(index * CELLS)], START);
    if (outcome === 'late') break;
    counted += 1;
  }
  await closed;
  expect((await totals())[0]).toBe(BigInt(counted));
});

test('one receiver at a time works on a window, and a second one is not told that there is work left', async () => {
  const done = await Promise.all(
    stores.map((store) => store.exclusively(window, 'open', () => store.closeWindow(closing()).then(() => 'closed'))),
  );
  expect(done.filter((result) => result === 'closed')).toHaveLength(1);
  for (const store of stores) expect(await store.exclusively(window, 'open', () => Promise.resolve(1))).toBeUndefined();
  expect(await stores[2]!.unanswered()).toEqual([window]);
});

test('a window whose receiver stalls is taken over, and the one that stalled writes nothing any more', async () => {
  const stalled = stores[0]!;
  await stalled.exclusively(window, 'open', async () => {
    expect(await stores[1]!.exclusively(window, 'open', () => Promise.resolve(1))).toBeUndefined();
    // As if its time had passed without its being prolonged.
    await withClient(url, (client) => client.query(`UPDATE telemetry_kit.leases SET expires = '-infinity'`));
    const taken = await stores[1]!.exclusively(window, 'open', async () => {
      await expect(stalled.closeWindow(closing())).rejects.toMatchObject({ code: 'unavailable' });
      await stores[1]!.closeWindow(closing());
      return 'taken';
    });
    expect(taken).toBe('taken');
    const request = await stores[1]!.releaseRequest(window);
    await expect(stalled.closeWindow(closing())).rejects.toMatchObject({ code: 'unavailable' });
    expect(await stores[1]!.releaseRequest(window)).toEqual(request);
  });
});

test('receivers count as up where any of them was', async () => {
  await stores[0]!.markAlive(START + 100);
  const fourth = await openStore();
  await fourth.markAlive(START + 400);
  const spans = [START - 50, START + 150, START + 161, START + 1000].map((start) => ({ start, end: start + 1 }));
  expect(await Promise.all(spans.map((span) => stores[2]!.wasUp(span)))).toEqual([false, true, true, false]);
});

test('the schema is made once by receivers that start together, and a newer one is refused', async () => {
  const other = await newPostgresDatabase();
  const opened = await Promise.all(Array.from({ length: 4 }, () => PostgresStore.open({ url: other, keys: [key] })));
  await Promise.all(opened.map((store) => store.close()));
  await withClient(other, (client) => client.query('INSERT INTO telemetry_kit.schema_version VALUES (999)'));
  await expect(PostgresStore.open({ url: other, keys: [key] })).rejects.toMatchObject({ code: 'storage' });
});

test('a receiver that runs while a newer program changes the database counts and closes nothing any more', async () => {
  const [store] = stores as [Store];
  expect(await store.record([contribution(0)], START)).toEqual(['counted']);
  await withClient(url, (client) => client.query('INSERT INTO telemetry_kit.schema_version VALUES (999)'));
  await expect(store.record([contribution(1)], START)).rejects.toMatchObject({ code: 'storage' });
  await expect(store.exclusively(window, 'open', () => store.closeWindow(closing()))).rejects.toMatchObject({
    code: 'storage',
  });
});
