import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testPlan } from '../support/plans.js';
import { startReceiver } from './built.js';
import { envelope, key, logger, requestWith, WINDOW } from './harness.js';
import { TestDecryptor } from './test-decryptor.js';

const PROCESS = resolve(import.meta.dirname, 'fixtures/receiver-process.mjs');
const plan = testPlan({
  privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '20', noise: 'keyholder' },
});

let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-durable-'));
});

afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function spawnReceiver(): Promise<number> {
  const config = { dataFolder: folder, plans: [plan.plan], moduli: [String(key.n)], now: WINDOW + 1 };
  child = spawn(process.execPath, [PROCESS, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return (JSON.parse(line.toString()) as { otlpHttp: number }).otlpHttp;
}

/** Whether the receiver acknowledged the request. */
async function send(port: number, envelopes: readonly string[]): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${String(port)}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(requestWith(...envelopes)),
    });
    return response.status === 200;
  } catch {
    return false;
  }
}

test('a receiver killed in the middle of its work loses nothing it acknowledged and counts nothing twice', async () => {
  const requests = Array.from({ length: 20 }, () => Array.from({ length: 4 }, () => envelope(WINDOW, 0, plan)));
  const port = await spawnReceiver();
  const killed = once(child!, 'exit');
  const acknowledged: string[] = [];
  await Promise.all(
    requests.map(async (request) => {
      if (await send(port, request)) acknowledged.push(...request);
      if (acknowledged.length >= 20) child!.kill('SIGKILL');
    }),
  );
  await killed;
  expect(acknowledged.length).toBeGreaterThanOrEqual(20);

  let now = WINDOW + 2;
  const address = { host: '127.0.0.1', port: 0 };
  const receiver = await startReceiver({
    dataFolder: folder,
    plans: [plan],
    publicKeys: [key],
    decryptor: new TestDecryptor(plan),
    otlpHttp: address,
    otlpGrpc: address,
    prometheus: address,
    admin: address,
    verifyWorkers: 1,
    logger,
    clock: () => now * 1000,
  });
  try {
    expect(await send(receiver.ports.otlpHttp, acknowledged)).toBe(true);
    expect(receiver.counters()).toMatchObject({ accepted: 0, duplicate: acknowledged.length });
    // A sender sends again what was not acknowledged, and may send again what was.
    expect(await send(receiver.ports.otlpHttp, requests.flat())).toBe(true);
    now = WINDOW + 91;
    while ((await receiver.releases()).length === 0) await new Promise((done) => setTimeout(done, 20));
    const [window] = await receiver.releases();
    expect(window!.cells[0]!.values[0]).toEqual(expect.objectContaining({ value: 'true', amount: 80 }));
  } finally {
    await receiver.close();
  }
});

test('two processes never use one folder', async () => {
  await spawnReceiver();
  const config = JSON.stringify({ dataFolder: folder, plans: [plan.plan], moduli: [String(key.n)], now: WINDOW + 1 });
  const second = spawn(process.execPath, [PROCESS, config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  second.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(second, 'close');
  expect(second.exitCode).not.toBe(0);
  expect(output).toContain('already_running');
});
