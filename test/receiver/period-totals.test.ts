/** Running totals through the receiver: from contributions that are stored to what is published, and back after a restart. */
import { join } from 'node:path';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import type { Measurement } from '../../src/plan/plan.js';
import { mechanismParameter } from '../../src/privacy/mechanism.js';
import { squareRootCoefficients } from '../../src/privacy/index.js';
import { systemRandom } from '../../src/random.js';
import { PublishedMetrics } from '../../src/receiver/published-metrics.js';
import { startPublishedEndpoint } from '../../src/receiver/published-endpoint.js';
import { ClosingFactors } from '../../src/receiver/closing-factors.js';
import { describePublished, type PublishedWindow } from '../../src/receiver/publication.js';
import { ReleaseScheduler } from '../../src/receiver/release-scheduler.js';
import { Releaser } from '../../src/receiver/releaser.js';
import { WindowCloser } from '../../src/receiver/window-closer.js';
import type { CellOutcome } from '../../src/wire/release.js';
import { noiseOf } from '../../src/wire/release-noise.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { planOf } from '../support/plans.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { key, logger } from './harness.js';
import { TestDecryptor } from './test-decryptor.js';

/** An hour of twelve windows; nobody adds noise, so that totals are exact. */
const SECONDS = 300;
const PERIOD_START = 1_800_000_000 - (1_800_000_000 % 3600);
const measurements: Measurement[] = [
  { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '0.5', release: 'total' },
  { name: 'paid', attribute: 'paid', kind: 'flag', trueOnly: true, epsilon: '0.01' },
];
const plan = planOf(
  measurements,
  {},
  {
    window: { seconds: SECONDS, graceSeconds: 0, lagSeconds: 5 },
    privacy: {
      domain: 'shop',
      unit: 'event',
      period: 'hour',
      epsilon: '1',
      delta: '0.000001',
      mechanism: 'discrete-gaussian',
      noise: 'keyholder',
    },
  },
);
const weights = squareRootCoefficients(12);
const sealer = new TestSealer(plan, key);
const verifier = new EnvelopeVerifier([plan], [key]);

let path: string;
let now: number;
let store: SqliteStore;
let decryptor: TestDecryptor;
let scheduler: ReleaseScheduler;

const startOf = (window: number): number => PERIOD_START + window * SECONDS;

beforeEach(async () => {
  path = join(temporaryFolder(), 'receiver.sqlite');
  decryptor = new TestDecryptor(plan);
  now = startOf(0) + 1;
  await start();
  onTestFinished(stop);
});

async function start(retentionSeconds = 1_000_000): Promise<void> {
  store = SqliteStore.open(path, [key]);
  const factors = new ClosingFactors([key], systemRandom);
  const closer = await WindowCloser.open({ plans: [plan], store, factors, logger, startedAt: now });
  const releaser = new Releaser({ plans: [plan], store, decryptor, factors, logger });
  const clock = (): number => now * 1000;
  scheduler = new ReleaseScheduler({
    store,
    closer,
    releaser,
    clock,
    logger,
    onPublished: () => undefined,
    retentionSeconds,
  });
}

async function stop(): Promise<void> {
  await scheduler.close();
  await store.close();
}

/** So many contributions with the flag true and false, in the present window. */
async function contribute(window: number, yes: number, no: number): Promise<void> {
  now = startOf(window) + 1;
  const [report] = plan.reports;
  for (const member of [...Array<number>(yes).fill(1), ...Array<number>(no).fill(2)]) {
    const bytes = sealer.sealBytes({
      report: report!,
      windowStart: startOf(window),
      labels: [],
      members: [[member], [0]],
    });
    const result = verifier.verify(bytes);
    if (!result.ok) throw new Error(result.reason);
    expect(await store.record([result.contribution], now)).toEqual(['counted']);
  }
}

/** Closes, releases and publishes the window. */
async function finish(window: number): Promise<void> {
  for (const moment of [startOf(window + 1), startOf(window + 1) + 5]) {
    now = moment;
    await scheduler.tick();
    await scheduler.settled();
  }
}

async function published(): Promise<PublishedWindow[]> {
  const windows = await describePublished(store, [plan]);
  return windows.sort((a, b) => a.windowStart - b.windowStart);
}

/** Amounts of the total, or why there are none, in the published windows in order. */
async function totals(): Promise<(number[] | string)[]> {
  return (await published()).map(({ cells }) => cells[0]!.suppressed ?? rounded(cells[0]!.values));
}

function rounded(values: readonly { readonly amount: number }[]): number[] {
  return values.map(({ amount }) => {
    expect(amount).toBeCloseTo(Math.round(amount), 6);
    return Math.round(amount) + 0;
  });
}

describe('a running total', () => {
  test('is asked for as the integer row of the matrix, and shown as what was counted since the period began', async () => {
    const counts = [
      [2, 1],
      [0, 0],
      [3, 0],
      [1, 2],
    ] as const;
    const opened: CellOutcome[] = [];
    decryptor.override = (outcome, { measurement }) => {
      if (measurement === 0) opened.push(outcome);
      return outcome;
    };
    for (const [window, [yes, no]] of counts.entries()) {
      await contribute(window, yes, no);
      await finish(window);
    }
    expect(opened).toHaveLength(counts.length);
    opened.forEach((outcome, row) => {
      const slots = [0, 1].map((slot) =>
        counts.slice(0, row + 1).reduce((sum, each, column) => sum + BigInt(each[slot]!) * weights[row - column]!, 0n),
      );
      expect(outcome).toMatchObject({ status: 'released', values: slots });
    });
    expect(await totals()).toEqual([
      [2, 1],
      [2, 1],
      [5, 1],
      [6, 3],
    ]);
    for (const { cells, windowStart } of await published()) {
      expect(cells.map(({ since }) => since)).toEqual([PERIOD_START, windowStart]);
    }
  });

  test('goes on after a restart, from what is stored', async () => {
    for (let window = 0; window < 4; window += 1) {
      await contribute(window, window + 1, 0);
      if (window % 2 === 1) {
        await stop();
        await start();
      }
      await finish(window);
    }
    expect(await totals()).toEqual([
      [1, 0],
      [3, 0],
      [6, 0],
      [10, 0],
    ]);
  });

  test('starts anew with the next period, and keeps what it needs however short the retention is', async () => {
    await stop();
    await start(0);
    for (let window = 0; window < 14; window += 1) {
      await contribute(window, 1, 0);
      await finish(window);
      const last = (await published()).at(-1)!;
      const count = window < 12 ? window + 1 : window - 11;
      expect(rounded(last.cells[0]!.values)).toEqual([count, 0]);
      expect(last.cells[0]!.since).toBe(window < 12 ? PERIOD_START : PERIOD_START + 3600);
      expect(last.cells[1]!.since).toBe(startOf(window));
    }
  });

  test('leaves out windows in which the receiver was down, and is exact without them', async () => {
    await contribute(0, 2, 0);
    await finish(0);
    await stop();
    now = startOf(4) + 1;
    await start();
    await scheduler.tick();
    await scheduler.settled();
    await contribute(4, 1, 1);
    await finish(4);
    await contribute(5, 0, 5);
    await finish(5);
    // Window 1 had begun to take contributions while the receiver was still up.
    expect(await totals()).toEqual([[2, 0], [2, 0], 'error', 'error', [3, 1], [3, 6]]);
  });

  test('that begins within a period says since when', async () => {
    await stop();
    path = `${path}.later`;
    now = startOf(3) + 1;
    await start();
    await contribute(3, 1, 0);
    await finish(3);
    await contribute(4, 1, 0);
    await finish(4);
    expect(await totals()).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect((await published()).map(({ cells }) => cells[0]!.since)).toEqual([startOf(3), startOf(3)]);
  });
});

describe('a window that is not released', () => {
  test('leaves the totals of the rest of its period without a value, whatever it held, and no other series', async () => {
    for (let window = 0; window < 13; window += 1) {
      decryptor.override =
        window === 2
          ? (outcome, { measurement }) => (measurement === 0 ? { status: 'refused', reason: 'conflict' } : outcome)
          : undefined;
      await contribute(window, 1, 0);
      await finish(window);
    }
    expect(await totals()).toEqual([[1, 0], [2, 0], ...Array<string>(10).fill('error'), [1, 0]]);
    const others = (await published()).map(({ cells }) => cells[1]!.suppressed);
    expect(others).toEqual(Array(13).fill(undefined));
    expect((await published())[3]!.cells[0]).toMatchObject({
      values: [],
      suppressed: 'error',
      ledger: { sequence: 0 },
    });
  });

  test('for lack of budget says so itself, later ones that they cannot be told', async () => {
    decryptor.override = (outcome, { measurement }) =>
      measurement === 0
        ? { status: 'suppressed', releaseId: 'r', reason: 'budget', ledger: { sequence: 4, hash: 'h' } }
        : outcome;
    await finish(0);
    decryptor.override = undefined;
    await finish(1);
    expect(await totals()).toEqual(['budget', 'error']);
  });

  test('yet holds up later ones of its report, and all are decoded in order once it is', async () => {
    const fails = decryptor.releaseWindow.bind(decryptor);
    decryptor.releaseWindow = (request) =>
      request.windowStart === startOf(1) ? Promise.reject(new Error('of its own')) : fails(request);
    for (let window = 0; window < 4; window += 1) {
      await contribute(window, 1, 0);
      await finish(window);
    }
    expect(await totals()).toEqual([[1, 0]]);
    expect((await store.unanswered()).map(({ windowStart }) => windowStart)).toEqual([1, 2, 3].map(startOf));
    decryptor.releaseWindow = fails;
    await finish(4);
    await finish(5);
    expect(await totals()).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
      [4, 0],
      [4, 0],
    ]);
  });
});

describe('the series of a running total', () => {
  test('are a sum that is not monotonic, since the start of the period, with what its noise is beside it', async () => {
    await contribute(0, 3, 1);
    await finish(0);
    await contribute(1, 2, 0);
    await finish(1);
    const { resourceMetrics } = await new PublishedMetrics(store, [plan]).collect();
    const metrics = new Map(
      resourceMetrics.scopeMetrics.flatMap((each) => each.metrics.map((m) => [m.descriptor.name, m])),
    );
    const prefix = 'telemetry_kit.checkout.ok.total';
    expect([...metrics.keys()].filter((name) => name.startsWith('telemetry_kit.checkout.ok'))).toEqual(
      ['', '.display', '.stddev', '.ci_low', '.ci_high'].map((suffix) => `${prefix}${suffix}`),
    );
    const total = metrics.get(prefix)!;
    expect(total).toMatchObject({
      dataPointType: DataPointType.SUM,
      isMonotonic: false,
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      descriptor: { unit: '{event}' },
    });
    const times = { startTime: [PERIOD_START, 0], endTime: [startOf(2), 0] };
    expect(total.dataPoints).toMatchObject(['true', 'false'].map((value) => ({ ...times, attributes: { value } })));
    const values = (suffix: string): number[] =>
      (metrics.get(`${prefix}${suffix}`)!.dataPoints as { value: number }[]).map(({ value }) => value);
    expect(values('').map((value) => value.toFixed(6))).toEqual(['5.000000', '1.000000']);
    // Two releases, weights of 1/256 and 1/512: the newest counts whole, the one before by half.
    const [mechanism] = noiseOf(plan.plan, plan.reports[0]!.measurements[0]!);
    const { numerator, denominator } = mechanismParameter(mechanism!);
    const stddev = Math.sqrt((Number(numerator) / Number(denominator)) * (256 ** -2 + 512 ** -2));
    expect(values('.stddev')[0]).toBeCloseTo(stddev, 4);
    expect(values('.ci_high')[0]! - 5).toBeCloseTo(1.96 * stddev + 1 / 256, 4);
    expect(values('.ci_low')[0]! - 5).toBeCloseTo(-1.96 * stddev - 1 / 256, 4);
    expect(metrics.get('telemetry_kit.checkout.paid')!.dataPointType).toBe(DataPointType.GAUGE);
  });

  test('are in what Prometheus scrapes, as a gauge, because a total may fall', async () => {
    await finish(0);
    const endpoint = await startPublishedEndpoint({
      producer: new PublishedMetrics(store, [plan]),
      prometheus: { host: '127.0.0.1', port: 0 },
      otlp: undefined,
      logger,
    });
    const text = await (await fetch(`http://127.0.0.1:${String(endpoint.port)}/metrics`)).text();
    await endpoint.close();
    expect(text).toContain('# TYPE telemetry_kit_checkout_ok_total gauge');
    expect(text).toMatch(/^telemetry_kit_checkout_ok_total\{value="true"\} 0$/m);
  });
});
