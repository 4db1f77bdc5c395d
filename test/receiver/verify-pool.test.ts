import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromBase64Url } from '../../src/bytes.js';
import type { VerifyPool as Pool } from '../../src/receiver/verify-pool.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { VerifyPool } from './built.js';
import { envelope, key, logger, plan } from './harness.js';

const MORTAL = new URL('./fixtures/mortal-worker.mjs', import.meta.url);
const ONCE = Uint8Array.of(1);
const ALWAYS = Uint8Array.of(2);
const THROWS = Uint8Array.of(3, 3);

let folder: string;
let pool: Pool;

const SILENT = Uint8Array.of(4, 4, 4);

function open(workerFile?: URL, taskTimeoutMillis?: number): void {
  pool = new VerifyPool({
    plans: [plan],
    keys: [key],
    workers: 2,
    logger,
    ...(taskTimeoutMillis === undefined ? {} : { taskTimeoutMillis }),
    ...(workerFile === undefined ? {} : { workerFile }),
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-pool-'));
  process.env['TELEMETRY_KIT_TEST_MARKER'] = join(folder, 'died');
});

afterEach(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

function bytes(): Uint8Array {
  return fromBase64Url(envelope())!;
}

describe('verification in workers', () => {
  test('gives the same results as verification in this thread, in order', async () => {
    open();
    await pool.warmUp();
    const good = bytes();
    const cut = bytes().subarray(0, 500);
    const wrong = bytes();
    wrong[400]! ^= 1;
    const envelopes = [good, cut, wrong, bytes(), new Uint8Array(0)];
    const here = new EnvelopeVerifier([plan], [key]);
    expect(await pool.verify(envelopes)).toEqual(envelopes.map((each) => here.verify(each)));
    expect(good.length).toBeGreaterThan(500);
  });

  test('a worker that dies takes nothing with it: its task is tried once more', async () => {
    open(MORTAL);
    await pool.warmUp();
    const results = await pool.verify([bytes(), ONCE, bytes()]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
  });

  test('a task that kills every worker is unavailable, never rejected, and the pool lives on', async () => {
    open(MORTAL);
    await pool.warmUp();
    const [poisoned, healthy] = await Promise.allSettled([pool.verify([ALWAYS]), pool.verify([bytes()])]);
    expect(poisoned).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    expect(healthy).toMatchObject({ status: 'fulfilled', value: [{ ok: true }] });
    for (let task = 0; task < 4; task++) expect(await pool.verify([bytes()])).toMatchObject([{ ok: true }]);
  });

  test('an error in a task is unavailable too', async () => {
    open(MORTAL);
    await expect(pool.verify([THROWS])).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a worker that ends without a word is replaced once its task took too long', async () => {
    open(MORTAL, 5000);
    await pool.warmUp();
    await expect(pool.verify([SILENT])).rejects.toMatchObject({ code: 'unavailable' });
    for (let task = 0; task < 4; task++) expect(await pool.verify([bytes()])).toMatchObject([{ ok: true }]);
  });

  test('closing does not wait for it, and rejects what waits and runs', async () => {
    open(MORTAL);
    await pool.warmUp();
    const tasks = [SILENT, SILENT, bytes(), bytes()].map((envelope) => pool.verify([envelope]));
    const settled = Promise.allSettled(tasks);
    await pool.close();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    }
  });

  test('one bad envelope of a hundred is lost alone, a hundred bad ones all', async () => {
    open();
    const good = Array.from({ length: 100 }, bytes);
    const bad = good.map((envelope) => envelope.slice());
    for (const envelope of bad) envelope[400]! ^= 1;
    const mixed = good.map((envelope, index) => (index === 50 ? bad[50]! : envelope));
    const verdicts = (await pool.verify(mixed)).map(({ ok }) => ok);
    expect(verdicts).toEqual(good.map((_, index) => index !== 50));
    expect((await pool.verify(bad)).every(({ ok }) => !ok)).toBe(true);
  });

  test('says which kernel it uses under which key', async () => {
    open();
    const kernels = await pool.warmUp();
    expect(kernels).toEqual([
      { kid: key.kid, name: expect.stringMatching(/./) as string, reason: expect.any(String) as string },
    ]);
  });
});
