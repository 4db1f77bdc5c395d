import { createServer, type IncomingMessage, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GaugeMetricData } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { labelCombinations, type CompiledPlan } from '../../src/plan/compile.js';
import { approximate, parseRationalFraction } from '../../src/math/rational.js';
import { systemRandom } from '../../src/random.js';
import { startPublishedEndpoint, type PublishedEndpoint } from '../../src/receiver/published-endpoint.js';
import { PublishedMetrics } from '../../src/receiver/published-metrics.js';
import type { BudgetState, CellOutcome } from '../../src/wire/release.js';
import { key, logger, plan, until, WINDOW } from './harness.js';
import { testPlan } from '../support/plans.js';

const encryptor = new Encryptor(key);
const BUDGET: BudgetState = {
  domain: 'shop',
  periodStart: 0,
  measure: 'epsilon',
  limit: '20',
  consumed: '13/2',
  remaining: '27/2',
};

let folder: string;
let store: SqliteStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-metrics-'));
  store = SqliteStore.open(join(folder, 'receiver.sqlite'), [key]);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Publishes a window with these outcomes, by measurement and label. */
async function publish(
  windowStart: number,
  outcome: (measurement: number, label: number) => CellOutcome,
  { of = plan, budget = BUDGET }: { of?: CompiledPlan; budget?: BudgetState } = {},
): Promise<void> {
  const [report] = of.reports;
  const window = { planHash: of.hashText, report: 0, windowStart };
  await store.openReport(window, windowStart);
  const cells = report!.measurements.flatMap((_, measurement) =>
    labelCombinations(report!).map((labels) => ({
      measurement,
      labels,
      slotShift: 0,
      accumulators: 1,
      factors: [{ kid: key.kid, ciphertext: encryptor.encryptZero(systemRandom) }],
    })),
  );
  await store.closeWindow({ ...window, windowEnd: windowStart + 60, publishAt: windowStart + 90, cells });
  await store.storeAnswer(window, {
    cells: cells.map(({ measurement, labels }) => outcome(measurement, Number(labels[0]))),
    budget,
  });
  await store.publishDue(windowStart + 90);
}

/** Slot counts that tell where they belong: 100 per measurement, 10 per label, the slot; the second negative. */
function released(measurement: number, label: number): CellOutcome {
  const slots = plan.reports[0]!.measurements[measurement]!.slots.length;
  const values = Array.from({ length: slots }, (_, slot) =>
    BigInt((slot === 1 ? -1 : 1) * (100 * measurement + 10 * label + slot)),
  );
  return {
    status: 'released',
    releaseId: 'r',
    values,
    ledger: { sequence: 10 * measurement + label, hash: `h${String(label)}` },
  };
}

function suppressed(): CellOutcome {
  return { status: 'suppressed', releaseId: 'r', reason: 'budget', ledger: { sequence: 99, hash: 'h' } };
}

async function collect(plans: readonly CompiledPlan[] = [plan]): Promise<Map<string, GaugeMetricData>> {
  const { resourceMetrics } = await new PublishedMetrics(store, plans).collect();
  expect(resourceMetrics.resource.attributes).toEqual({});
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics as GaugeMetricData[]);
  return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
}

/** Every series as name and attributes, without values: what an observer of names could learn. */
function shape(metrics: Map<string, GaugeMetricData>): string[] {
  return [...metrics.values()].flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes }) => `${descriptor.name} ${JSON.stringify(attributes)}`),
  );
}

describe('released values as metrics', () => {
  test('are gauges over their window, one point per label and slot', async () => {
    await publish(WINDOW, released);
    const metrics = await collect();
    const value = metrics.get('telemetry_kit.checkout.success')!;
    expect(value.descriptor).toMatchObject({ unit: '{event}', valueType: 0 });
    expect(value.dataPoints).toHaveLength(6);
    expect(value.dataPoints[3]).toEqual({
      startTime: [WINDOW, 0],
      endTime: [WINDOW + 60, 0],
      attributes: { region: 'us', value: 'false' },
      value: -11,
    });
    const plans = metrics.get('telemetry_kit.checkout.plan')!.dataPoints;
    expect(plans.map(({ attributes }) => attributes['value']).slice(0, 4)).toEqual([
      'free-forever',
      'team-monthly',
      'enterprise-annual',
      'other',
    ]);
    expect(plans.slice(0, 4).map((point) => point.value)).toEqual([100, -101, 102, 103]);
  });

  test('have display, deviation and interval beside them', async () => {
    await publish(WINDOW, released);
    const metrics = await collect();
    const at = (name: string): number[] =>
      metrics.get(`telemetry_kit.checkout.success${name}`)!.dataPoints.map(({ value }) => value);
    expect(at('')).toEqual([0, -1, 10, -11, 20, -21]);
    expect(at('.display')).toEqual([0, 0, 10, 0, 20, 0]);
    // Two discrete Laplace noises of scale 1: variance 2 * 2p/(1-p)^2 with p = 1/e.
    const p = Math.exp(-1);
    expect(at('.stddev')[0]).toBeCloseTo(Math.sqrt((4 * p) / (1 - p) ** 2), 10);
    const halfWidth = at('.ci_high')[2]! - 10;
    expect(halfWidth).toBeGreaterThan(at('.stddev')[0]!);
    expect(at('.ci_low')).toEqual(at('').map((value) => value - halfWidth));
    expect(at('.ci_high')).toEqual(at('').map((value) => value + halfWidth));
  });

  test('say how they were protected and what is left', async () => {
    await publish(WINDOW, released);
    const metrics = await collect();
    expect(
      metrics
        .get('telemetry_kit.release.info')!
        .dataPoints.map(({ attributes, value }) => ({ ...attributes, is: value })),
    ).toEqual(
      ['success', 'plan'].map((measurement, index) => ({
        report: 'checkout',
        measurement,
        plan: 'shop',
        plan_hash: plan.hashText,
        unit: 'event',
        period: 'day',
        window_seconds: 60,
        mechanism: 'discrete-laplace',
        epsilon: '1',
        delta: '0',
        scale: '1',
        noise: 'both',
        ledger_sequence: 10 * index + 2,
        ledger_hash: 'h2',
        is: 1,
      })),
    );
    const budget = ['limit', 'consumed', 'remaining'].map(
      (part) => metrics.get(`telemetry_kit.budget.${part}`)!.dataPoints,
    );
    expect(budget.map((points) => points.map(({ attributes, value }) => [attributes, value]))).toEqual(
      [20, 6.5, 13.5].map((value) => [[{ domain: 'shop', measure: 'epsilon' }, value]]),
    );
    expect(metrics.get('telemetry_kit.window_end')!.dataPoints).toMatchObject([
      { attributes: { report: 'checkout' }, value: WINDOW + 60 },
    ]);
  });

  test('name the unit, the delta and the variance of Gaussian noise', async () => {
    const { plan: document } = testPlan();
    const personal = testPlan({
      privacy: {
        ...document.privacy,
        unit: 'user-period',
        period: 'week',
        epsilon: '2',
        delta: '0.000001',
        mechanism: 'discrete-gaussian',
        bounds: { subject: 'user.id', visits: 12, visitsPerWindow: 1, processes: 2 },
        noise: 'keyholder',
      },
      reports: [
        { ...document.reports[0]!, measurements: [{ ...document.reports[0]!.measurements[0]!, epsilon: '0.5' }] },
      ],
    });
    await publish(WINDOW, released, { of: personal });
    const metrics = await new PublishedMetrics(store, [personal]).collect();
    const all = metrics.resourceMetrics.scopeMetrics.flatMap(({ metrics: each }) => each) as GaugeMetricData[];
    const pointsOf = (name: string) => all.find(({ descriptor }) => descriptor.name === name)!.dataPoints;
    const info = pointsOf('telemetry_kit.release.info')[0]!.attributes;
    expect(info).toMatchObject({
      unit: 'user-period',
      period: 'week',
      mechanism: 'discrete-gaussian',
      delta: '0.000001',
      noise: 'keyholder',
    });
    expect(info).not.toHaveProperty('scale');
    // A quarter of the rho of (2, 1e-6), which is about 0.0918: 12 / (2 * 0.0918 / 4) = 261.
    const variance = approximate(parseRationalFraction(String(info['variance'])));
    expect(variance).toBeGreaterThan(250);
    expect(variance).toBeLessThan(275);
    expect(pointsOf('telemetry_kit.checkout.success.stddev')[0]!.value).toBeCloseTo(Math.sqrt(variance), 6);
  });

  test('that were suppressed have no value, and a mark with the reason', async () => {
    await publish(WINDOW, (measurement, label) =>
      measurement === 0 && label === 1 ? suppressed() : released(measurement, label),
    );
    const metrics = await collect();
    const regions = metrics
      .get('telemetry_kit.checkout.success')!
      .dataPoints.map(({ attributes }) => attributes['region']);
    expect(regions).toEqual(['eu', 'eu', 'elsewhere', 'elsewhere']);
    expect(metrics.get('telemetry_kit.suppressed')!.dataPoints).toMatchObject([
      { attributes: { report: 'checkout', measurement: 'success', region: 'us', reason: 'budget' }, value: 1 },
    ]);
  });

  test('are of the last window only, and the same at every collection', async () => {
    await publish(WINDOW, released);
    await publish(WINDOW + 60, (measurement, label) =>
      measurement === 0 ? suppressed() : released(measurement, label),
    );
    const metrics = await collect();
    expect(metrics.has('telemetry_kit.checkout.success')).toBe(false);
    expect(metrics.get('telemetry_kit.window_end')!.dataPoints.map(({ value }) => value)).toEqual([WINDOW + 120]);
    expect(await collect()).toEqual(metrics);
  });

  test('of a window that was refused altogether are suppressed, and say nothing about a budget', async () => {
    const budget = {
      domain: '',
      periodStart: 0,
      measure: 'epsilon' as const,
      limit: '0',
      consumed: '0',
      remaining: '0',
    };
    await publish(WINDOW, () => ({ status: 'refused', reason: 'unknown_plan' }), { budget });
    const metrics = await collect();
    expect(metrics.get('telemetry_kit.suppressed')!.dataPoints).toHaveLength(6);
    expect(metrics.has('telemetry_kit.budget.limit')).toBe(false);
  });

  test('of a skipped window are suppressed in every declared cell', async () => {
    const window = { planHash: plan.hashText, report: 0, windowStart: WINDOW };
    await store.openReport(window, WINDOW);
    await store.skipWindows([{ ...window, windowEnd: WINDOW + 60, publishAt: WINDOW + 90 }]);
    await store.publishDue(WINDOW + 90);
    const metrics = await collect();
    expect(metrics.get('telemetry_kit.suppressed')!.dataPoints).toHaveLength(6);
    expect(metrics.get('telemetry_kit.suppressed')!.dataPoints[0]!.attributes['reason']).toBe('error');
    expect(metrics.has('telemetry_kit.checkout.success')).toBe(false);
    expect(metrics.has('telemetry_kit.budget.limit')).toBe(false);
  });

  test('have the same names and attributes whatever the counts are', async () => {
    await publish(WINDOW, released);
    const busy = shape(await collect());
    const slots = (measurement: number): number => plan.reports[0]!.measurements[measurement]!.slots.length;
    await publish(WINDOW + 60, (measurement, label) => {
      const outcome = released(measurement, label);
      return outcome.status === 'released'
        ? { ...outcome, values: Array(slots(measurement)).fill(0n) as bigint[] }
        : outcome;
    });
    expect(shape(await collect())).toEqual(busy);
  });

  test('of a newer version of a plan take over from the older', async () => {
    const newer = testPlan({ sequence: 2 });
    await publish(WINDOW, released);
    await publish(WINDOW, (measurement, label) => (measurement === 0 ? suppressed() : released(measurement, label)), {
      of: newer,
    });
    expect((await collect([newer, plan])).has('telemetry_kit.checkout.success')).toBe(false);
    await publish(WINDOW + 60, released);
    expect((await collect([newer, plan])).get('telemetry_kit.checkout.success')!.dataPoints).toHaveLength(6);
  });

  test('show the budget of the newest period after the most spending', async () => {
    const other = testPlan({ name: 'other', reports: [{ ...plan.plan.reports[0]!, name: 'second' }] });
    await publish(WINDOW, released, { budget: { ...BUDGET, consumed: '7' } });
    await publish(WINDOW, released, { of: other, budget: { ...BUDGET, consumed: '8' } });
    const consumed = async (): Promise<unknown> =>
      (await collect([plan, other])).get('telemetry_kit.budget.consumed')!.dataPoints.map(({ value }) => value);
    expect(await consumed()).toEqual([8]);
    await publish(WINDOW + 60, released, { budget: { ...BUDGET, periodStart: 86_400, consumed: '1' } });
    expect(await consumed()).toEqual([1]);
  });
});

describe('the budget by every measure', () => {
  const pointsOf = async (budget: BudgetState): Promise<Record<string, unknown[][]>> => {
    await publish(WINDOW, released, { budget });
    const metrics = await collect();
    return Object.fromEntries(
      ['limit', 'consumed', 'remaining'].map((part) => [
        part,
        metrics
          .get(`telemetry_kit.budget.${part}`)!
          .dataPoints.map(({ attributes, value }) => [attributes['domain'], attributes['measure'], value]),
      ]),
    );
  };

  test('has what rho means beside it; a remainder only where there are both a limit and a sum', async () => {
    const parts = [
      { measure: 'epsilon', consumed: '9/2' },
      { measure: 'delta', limit: '1/1000000' },
      { measure: 'epsilon_zcdp', limit: '1', consumed: '3/4' },
    ] as const;
    expect(
      await pointsOf({ ...BUDGET, measure: 'rho', limit: '1/40', consumed: '1/80', remaining: '1/80', parts }),
    ).toEqual({
      limit: [
        ['shop', 'rho', 0.025],
        ['shop', 'delta', 0.000001],
        ['shop', 'epsilon_zcdp', 1],
      ],
      consumed: [
        ['shop', 'rho', 0.0125],
        ['shop', 'epsilon', 4.5],
        ['shop', 'epsilon_zcdp', 0.75],
      ],
      remaining: [
        ['shop', 'rho', 0.0125],
        ['shop', 'epsilon_zcdp', 0.25],
      ],
    });
  });

  test('never has less than nothing left, and its own measure first', async () => {
    const parts = [
      { measure: 'rho', consumed: '1/8' },
      { measure: 'delta', limit: '1/1000000', consumed: '2/1000000' },
    ] as const;
    const { consumed, remaining } = await pointsOf({ ...BUDGET, parts });
    expect(consumed!.map(([, measure]) => measure)).toEqual(['epsilon', 'rho', 'delta']);
    expect(remaining).toEqual([
      ['shop', 'epsilon', 13.5],
      ['shop', 'delta', 0],
    ]);
  });
});

describe('the endpoint', () => {
  let endpoint: PublishedEndpoint;
  let collector: Server;
  let received: { url: string | undefined; headers: IncomingMessage['headers']; body: string }[];
  let status: number;

  beforeEach(async () => {
    received = [];
    status = 200;
    collector = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push({ url: request.url, headers: request.headers, body });
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((collector.address() as AddressInfo).port)}/v1/metrics`;
    endpoint = await startPublishedEndpoint({
      producer: new PublishedMetrics(store, [plan]),
      prometheus: { host: '127.0.0.1', port: 0 },
      otlp: { url, headers: { 'x-team': 'data' } },
      logger,
    });
  });

  afterEach(async () => {
    await endpoint.close();
    collector.close();
  });

  async function scrape(path = '/metrics', method = 'GET'): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${String(endpoint.port)}${path}`, { method });
    return { status: response.status, text: await response.text() };
  }

  test('serves the values to Prometheus and nothing about the host', async () => {
    await publish(WINDOW, released);
    const { status: code, text } = await scrape();
    expect(code).toBe(200);
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples).toContain('telemetry_kit_checkout_success{region="us",value="false"} -11');
    expect(samples).toContain(`telemetry_kit_window_end{report="checkout"} ${String(WINDOW + 60)}`);
    expect(samples.every((line) => /^telemetry_kit_[a-z_]+\{/.test(line))).toBe(true);
    expect(text).not.toMatch(/target_info|host|process|service|otel/);
    expect((await scrape('/')).status).toBe(404);
    expect((await scrape('/metrics', 'POST')).status).toBe(405);
  });

  test('pushes the same values over OTLP, with the window as time', async () => {
    await publish(WINDOW, released);
    endpoint.push();
    await until(() => received.length > 0);
    expect(received[0]).toMatchObject({ url: '/v1/metrics', headers: { 'x-team': 'data' } });
    const body = JSON.parse(received[0]!.body) as {
      resourceMetrics: {
        resource: { attributes: { key: string }[] };
        scopeMetrics: { metrics: { name: string; unit: string; gauge?: { dataPoints: unknown[] } }[] }[];
      }[];
    };
    expect(body.resourceMetrics[0]!.resource.attributes.map(({ key: name }) => name)).toEqual(['service.name']);
    const metrics = body.resourceMetrics[0]!.scopeMetrics.flatMap((scope) => scope.metrics);
    expect(metrics.find(({ name }) => name === 'telemetry_kit.checkout.success')?.gauge?.dataPoints[3]).toMatchObject({
      asInt: -11,
      startTimeUnixNano: `${String(WINDOW)}000000000`,
      timeUnixNano: `${String(WINDOW + 60)}000000000`,
    });
    await until(() => endpoint.exports.succeeded > 0);
  });

  test('counts deliveries that fail', async () => {
    status = 400;
    await publish(WINDOW, released);
    endpoint.push();
    await until(() => endpoint.exports.failed > 0);
    expect(endpoint.exports.succeeded).toBe(0);
  });
});
