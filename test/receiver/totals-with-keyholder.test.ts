/**
 * Running totals over both services: contributions under two keys, noise of both, a restart of the receiver, windows
 * in which it was down, and two budget periods, each paid for once.
 */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import type { PrivateKey } from '../../src/paillier/private-key.js';
import type { Measurement } from '../../src/plan/plan.js';
import { systemRandom } from '../../src/random.js';
import { ClosingFactors } from '../../src/receiver/closing-factors.js';
import { describePublished, type PublishedWindow } from '../../src/receiver/publication.js';
import { ReleaseScheduler } from '../../src/receiver/release-scheduler.js';
import { Releaser } from '../../src/receiver/releaser.js';
import { WindowCloser } from '../../src/receiver/window-closer.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { planOf } from '../support/plans.js';
import { startService } from '../support/release-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { logger } from './harness.js';

/** An hour of twelve windows. */
const SECONDS = 300;
const PERIOD_START = 1_800_000_000 - (1_800_000_000 % 3600);
const keys = [testPrivateKey(512), testPrivateKey(1024)];
const publicKeys = keys.map(({ publicKey }) => publicKey);
const measurements: Measurement[] = [
  { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '6', release: 'total' },
  {
    name: 'eur',
    attribute: 'eur',
    kind: 'sum',
    min: '1',
    max: '2',
    scale: '1',
    epsilon: '2',
    countEpsilon: '2',
    release: 'total',
  },
];
const plan = planOf(
  measurements,
  {},
  {
    keys: publicKeys.map(({ kid }) => kid),
    window: { seconds: SECONDS, graceSeconds: 0, lagSeconds: 5 },
    privacy: {
      domain: 'shop',
      unit: 'event',
      period: 'hour',
      epsilon: '10',
      delta: '0.000001',
      mechanism: 'discrete-gaussian',
      noise: 'both',
    },
  },
);
const sealers = new Map(keys.map((key) => [key, new TestSealer(plan, key.publicKey)]));
const verifier = new EnvelopeVerifier([plan], publicKeys);
const startOf = (window: number): number => PERIOD_START + window * SECONDS;

let now = startOf(0) + 1;
let store: SqliteStore;
let scheduler: ReleaseScheduler;

async function startReceiver(path: string, decryptor: ReturnType<typeof startService>['service']): Promise<void> {
  store = SqliteStore.open(path, publicKeys);
  const clock = (): number => now * 1000;
  const factors = new ClosingFactors(publicKeys, systemRandom);
  const closer = await WindowCloser.open({ plans: [plan], store, factors, logger, startedAt: now });
  const releaser = new Releaser({ plans: [plan], store, decryptor, logger, factors });
  scheduler = new ReleaseScheduler({
    store,
    closer,
    releaser,
    clock,
    logger,
    onPublished: () => undefined,
    retentionSeconds: 1_000_000,
  });
}

async function stopReceiver(): Promise<void> {
  await scheduler.close();
  await store.close();
}

/** One span with the flag true and 2 EUR, sealed under this key. */
async function contribute(key: PrivateKey, window: number): Promise<void> {
  const sealer = sealers.get(key)!;
  const [report] = plan.reports;
  // The flag is the second of absent, true, false; of the sum every component holds its largest member.
  const members = [[1], report!.measurements[1]!.components.map(({ tuples }) => tuples.length - 1)];
  const bytes = sealer.sealBytes({ report: report!, windowStart: startOf(window), labels: [], members });
  const result = verifier.verify(bytes);
  if (!result.ok) throw new Error(result.reason);
  expect(await store.record([result.contribution], now)).toEqual(['counted']);
}

async function tick(moment: number): Promise<void> {
  now = moment;
  await scheduler.tick();
  await scheduler.settled();
}

async function published(): Promise<PublishedWindow[]> {
  const windows = await describePublished(store, [plan]);
  return windows.sort((a, b) => a.windowStart - b.windowStart);
}

test('totals are within their noise of what was counted, and a period is paid for once', async () => {
  const { service } = startService({
    plans: [plan],
    privateKeys: keys,
    periodOfCeiling: 'hour',
    clock: () => now * 1000,
  });
  const path = join(temporaryFolder(), 'receiver.sqlite');
  await startReceiver(path, service);
  onTestFinished(stopReceiver);

  // Down from window 5 on until window 8 has begun: 6 and 7 are skipped.
  const counted = [4, 0, 7, 2, 5, 1, 0, 0, 6, 3, 2, 8, 5, 4];
  for (const [window, spans] of counted.entries()) {
    if (window === 6 || window === 7) continue;
    now = startOf(window) + 1;
    if (window === 3 || window === 8) {
      await stopReceiver();
      await startReceiver(path, service);
      await tick(now);
    }
    for (let span = 0; span < spans; span += 1) await contribute(keys[span % 2]!, window);
    if (window !== 5) await tick(startOf(window + 1));
    if (window !== 5) await tick(startOf(window + 1) + 5);
  }

  const windows = await published();
  expect(windows).toHaveLength(counted.length);
  let total = 0;
  windows.forEach(({ cells, budget }, window) => {
    total = (window === 12 ? 0 : total) + counted[window]!;
    const [ok, eur] = cells;
    if (window === 6 || window === 7) {
      expect([ok!.suppressed, eur!.suppressed]).toEqual(['error', 'error']);
      return;
    }
    expect(ok!.since).toBe(window < 12 ? PERIOD_START : PERIOD_START + 3600);
    const truth = [total, 0, 2 * total, total];
    const values = [...ok!.values, ...eur!.values];
    values.forEach(({ amount, stddev }, index) => {
      // Off by more with probability below 10^-11.
      expect(Math.abs(amount - truth[index]!)).toBeLessThan(7 * stddev);
      expect(stddev).toBeLessThan(6);
    });
    expect(budget).toMatchObject({ consumed: windows[0]!.budget!.consumed });
  });
  expect(new Set(windows.flatMap(({ budget }) => budget?.periodStart ?? [])).size).toBe(2);
}, 240_000);
