import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningKeyHolder } from '../../src/keyholder/start.js';
import type { RunningReceiver } from '../../src/receiver/index.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan, testPlanDocument } from '../support/plans.js';
import { createKeyHolderClient, PrivateKey, startKeyHolder, startReceiver } from './built.js';
import { envelope, key, logger, requestWith, WINDOW } from './harness.js';

/** Both servers add noise, of scale 1/10: a slot is off by more than 3 with probability below 10^-11. */
const EPSILON = '10';
const [report] = testPlanDocument().reports;
const plan = testPlan({
  privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '90', noise: 'both' },
  reports: [
    { ...report!, measurements: report!.measurements.map((measurement) => ({ ...measurement, epsilon: EPSILON })) },
  ],
});

let folder: string;
let now: number;
let receiver: RunningReceiver;
let keyHolder: RunningKeyHolder | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-pair-'));
  now = WINDOW + 1;
  const address = { host: '127.0.0.1', port: 0 };
  receiver = await startReceiver({
    dataFolder: join(folder, 'receiver'),
    plans: [plan],
    publicKeys: [key],
    decryptor: createKeyHolderClient({ target: `unix:${join(folder, 'k.sock')}` }),
    otlpHttp: address,
    otlpGrpc: address,
    prometheus: address,
    admin: address,
    verifyWorkers: 1,
    logger,
    clock: () => now * 1000,
  });
});

afterEach(async () => {
  await receiver.close();
  await keyHolder?.close();
  rmSync(folder, { recursive: true });
});

async function openKeyHolder(): Promise<void> {
  const { p, q } = testPrivateKey().exportPrimes();
  keyHolder = await startKeyHolder({
    dataFolder: join(folder, 'keyholder'),
    privateKeys: [PrivateKey.fromPrimes(p, q, { allowTestSize: true })],
    plans: [plan],
    ceilings: { epsilonPerPeriod: '1000', period: 'day', epsilonPerRelease: '10' },
    domains: ['shop'],
    listen: { socketPath: join(folder, 'k.sock') },
    logger,
    clock: () => now * 1000,
  });
}

async function send(...envelopes: string[]): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${String(receiver.ports.otlpHttp)}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(requestWith(...envelopes)),
  });
  expect(await response.json()).toEqual({});
}

/** Lets time pass until so many windows are published. */
async function untilPublished(windows: number): Promise<void> {
  while ((await receiver.releases()).length < windows) {
    now += 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('sealed spans in, private totals out, with a key holder that is late and a budget that runs out', async () => {
  await send(...Array.from({ length: 30 }, () => envelope(WINDOW, 0, plan)));
  now = WINDOW + 90;
  await send(envelope(WINDOW + 60, 1, plan));
  await openKeyHolder();
  await untilPublished(2);
  const [first, second] = await receiver.releases();

  const counts = first!.cells.map(({ values }) => values.map(({ amount }) => amount));
  const truth = first!.cells.map(({ values }, index) => values.map((_, slot) => (index === 0 && slot === 0 ? 30 : 0)));
  counts.forEach((slots, cell) => {
    slots.forEach((count, slot) => expect(Math.abs(count - truth[cell]![slot]!)).toBeLessThanOrEqual(3));
  });
  // Six cells at epsilon 10 in the first window; of the second the budget of 90 pays for three.
  expect(first).toMatchObject({ budget: { domain: 'shop', limit: '90', consumed: '60', remaining: '30' } });
  expect(second!.cells.map(({ suppressed }) => suppressed)).toEqual([
    undefined,
    undefined,
    undefined,
    'budget',
    'budget',
    'budget',
  ]);
  expect(second).toMatchObject({ budget: { consumed: '90', remaining: '0' } });

  const text = await (await fetch(`http://127.0.0.1:${String(receiver.ports.prometheus)}/metrics`)).text();
  expect(text).toContain(
    'telemetry_kit_suppressed{report="checkout",measurement="plan",region="eu",reason="budget"} 1',
  );
  expect(text).toContain('telemetry_kit_budget_remaining{domain="shop",measure="epsilon"} 0');
  expect(text).toMatch(/telemetry_kit_release_info\{.*ledger_sequence="\d+",ledger_hash="[\w-]{43}"\} 1/);
});
