import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReceiverOptions, RunningReceiver } from '../../src/receiver/index.js';
import { REJECTION_REASONS } from '../../src/wire/rejection.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';
import { startReceiver } from './built.js';
import { envelope, exportSpans, key, logger, requestWith, until, WINDOW } from './harness.js';
import { TestDecryptor } from './test-decryptor.js';

/** Exact totals: no noise by the receiver, and the test decryptor adds none. */
const plan = testPlan({
  privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '20', noise: 'keyholder' },
});
const ANY = { host: '127.0.0.1', port: 0 };

let folder: string;
let now: number;
let decryptor: TestDecryptor;
let running: RunningReceiver[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-start-'));
  now = WINDOW + 1;
  decryptor = new TestDecryptor(plan);
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((receiver) => receiver.close()));
  rmSync(folder, { recursive: true });
});

function optionsWith(overrides: Partial<ReceiverOptions> = {}): ReceiverOptions {
  return {
    dataFolder: join(folder, 'data'),
    plans: [plan],
    publicKeys: [key],
    decryptor,
    otlpHttp: ANY,
    otlpGrpc: ANY,
    prometheus: ANY,
    admin: ANY,
    verifyWorkers: 1,
    logger,
    clock: () => now * 1000,
    ...overrides,
  };
}

async function start(overrides: Partial<ReceiverOptions> = {}): Promise<RunningReceiver> {
  const receiver = await startReceiver(optionsWith(overrides));
  running.push(receiver);
  return receiver;
}

function httpUrl({ ports }: RunningReceiver): string {
  return `http://127.0.0.1:${String(ports.otlpHttp)}/v1/traces`;
}

function grpcUrl({ ports }: RunningReceiver): string {
  return `http://127.0.0.1:${String(ports.otlpGrpc)}`;
}

async function post(receiver: RunningReceiver, ...envelopes: string[]): Promise<number> {
  const response = await fetch(httpUrl(receiver), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(requestWith(...envelopes)),
  });
  await response.arrayBuffer();
  return response.status;
}

async function get(port: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
  return { status: response.status, text: await response.text() };
}

describe('a running receiver', () => {
  test('takes spans from the official exporters on both ports and publishes their totals', async () => {
    const receiver = await start();
    const shared = envelope(WINDOW, 1, plan);
    await Promise.all([
      exportSpans(new HttpExporter({ url: httpUrl(receiver) }), [envelope(WINDOW, 0, plan), shared, shared]),
      exportSpans(new GrpcExporter({ url: grpcUrl(receiver) }), [envelope(WINDOW, 0, plan), shared]),
    ]);
    await exportSpans(new GrpcExporter({ url: grpcUrl(receiver) }), [shared, 'not an envelope']);
    expect(receiver.counters()).toMatchObject({ accepted: 3, duplicate: 3, rejected: { malformed: 1, equation: 0 } });

    expect(await receiver.releases()).toEqual([]);
    now = WINDOW + 90;
    await until(() => decryptor.requests.length === 1);
    now = WINDOW + 91;
    while ((await receiver.releases()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const [window] = await receiver.releases();
    expect(window!.cells.slice(0, 3).map(({ labels, values }) => [labels['region'], values])).toEqual([
      [
        'eu',
        [expect.objectContaining({ value: 'true', amount: 2 }), expect.objectContaining({ value: 'false', amount: 0 })],
      ],
      [
        'us',
        [expect.objectContaining({ value: 'true', amount: 1 }), expect.objectContaining({ value: 'false', amount: 0 })],
      ],
      [
        'elsewhere',
        [expect.objectContaining({ value: 'true', amount: 0 }), expect.objectContaining({ value: 'false', amount: 0 })],
      ],
    ]);
    const { text } = await get(receiver.ports.prometheus, '/metrics');
    expect(text).toContain('telemetry_kit_checkout_success{region="eu",value="true"} 2\n');
    expect(text).not.toContain('receiver');
  });

  test('shows operators raw counts, and only them, from the start', async () => {
    const receiver = await start();
    expect(await get(receiver.ports.admin, '/healthz')).toMatchObject({ status: 200 });
    expect(await get(receiver.ports.admin, '/readyz')).toMatchObject({ status: 200 });
    const before = (await get(receiver.ports.admin, '/metrics')).text;
    for (const reason of REJECTION_REASONS)
      expect(before).toContain(`telemetry_kit_receiver_rejected_total{reason="${reason}"} 0`);
    await post(receiver, envelope(WINDOW, 0, plan), envelope(WINDOW - 600, 0, plan), '?');
    const after = (await get(receiver.ports.admin, '/metrics')).text;
    expect(after).toContain('telemetry_kit_receiver_rejected_total{reason="late"} 1');
    expect(after).toContain('telemetry_kit_receiver_contributions_total{outcome="accepted"} 1');
    expect(after).toContain('telemetry_kit_receiver_requests_total{outcome="partial_success"} 1');
    expect(after).toContain('telemetry_kit_receiver_verify_duration_count 1');
    expect(after).toContain('telemetry_kit_receiver_queue_size 0');
    expect(after).toMatch(new RegExp(`telemetry_kit_receiver_verify_kernel\\{kid="${key.kid}",kernel="[a-z]+"\\} 1`));
  });

  test('goes on without its key holder, says so, and releases when it is back', async () => {
    const receiver = await start();
    decryptor.failure = TestDecryptor.outOfReach();
    expect(await post(receiver, envelope(WINDOW, 0, plan))).toBe(200);
    now = WINDOW + 91;
    await until(() => decryptor.requests.length > 0);
    expect((await get(receiver.ports.admin, '/readyz')).status).toBe(200);
    expect((await get(receiver.ports.admin, '/metrics')).text).toContain(
      'telemetry_kit_receiver_key_holder_reachable 0',
    );
    expect(await post(receiver, envelope(WINDOW + 60, 0, plan))).toBe(200);
    decryptor.failure = undefined;
    now = WINDOW + 140;
    while ((await receiver.releases()).length === 0) {
      now += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await get(receiver.ports.admin, '/metrics')).text).toContain(
      'telemetry_kit_receiver_key_holder_reachable 1',
    );
    const [first, second] = decryptor.requests;
    expect(second).toEqual(first);
  });

  test('stops once, however often it is told to, and leaves its ports and its folder', async () => {
    const receiver = await start();
    await post(receiver, envelope(WINDOW, 0, plan));
    await Promise.all([receiver.close(), receiver.close()]);
    await expect(post(receiver)).rejects.toThrow();
    const { ports } = receiver;
    const again = await start({
      otlpHttp: { ...ANY, port: ports.otlpHttp },
      otlpGrpc: { ...ANY, port: ports.otlpGrpc },
      prometheus: { ...ANY, port: ports.prometheus },
      admin: { ...ANY, port: ports.admin },
    });
    expect(again.ports).toEqual(ports);
  });

  test('closes its decryptor', async () => {
    let closed = 0;
    const receiver = await start({
      decryptor: { releaseWindow: (request) => decryptor.releaseWindow(request), close: () => (closed += 1) },
    });
    await receiver.close();
    expect(closed).toBe(1);
  });
});

describe('a receiver that cannot start', () => {
  test.each(['otlpHttp', 'otlpGrpc', 'prometheus', 'admin'] as const)(
    'because the port of %s is taken gives back the rest',
    async (name) => {
      const holder = createServer();
      const port = await new Promise<number>((resolve) => {
        holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port));
      });
      await expect(start({ [name]: { ...ANY, port } })).rejects.toMatchObject({
        code: 'address_in_use',
        message: expect.stringContaining(String(port)) as string,
      });
      await new Promise((resolve) => holder.close(resolve));
      expect((await start({ [name]: { ...ANY, port } })).ports[name]).toBe(port);
    },
  );

  test('because another one uses its folder', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'already_running' });
  });

  test.each<[string, Partial<ReceiverOptions>, string]>([
    ['there is no plan', { plans: [] }, 'invalid_configuration'],
    ['the key of its plan is missing', { publicKeys: [testPrivateKey(1024).publicKey] }, 'invalid_configuration'],
    ['two plans publish one series', { plans: [plan, testPlan({ name: 'other' })] }, 'invalid_plan'],
    [
      'its limits contradict each other',
      { limits: { maxBodyBytes: 10, maxInFlightBytes: 9 } },
      'invalid_configuration',
    ],
    ['its folder cannot be made', { dataFolder: '/dev/null/data' }, 'storage'],
  ])('because %s', async (_, overrides, code) => {
    await expect(start(overrides)).rejects.toMatchObject({ code });
  });
});
