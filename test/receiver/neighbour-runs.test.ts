/**
 * The same installation run on data sets that differ by one contribution, or by all of them: everything but the noised
 * integers is the same, and the raw total is in no byte that anybody keeps, serves or logs.
 */
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { compilePlan } from '../../src/plan/compile.js';
import { classifyValue, membersOf } from '../../src/plan/classify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPlan, testPlanDocument } from '../support/plans.js';
import { key, WINDOW } from './harness.js';
import { ServicePair } from './pair.js';

/** A prime that nothing else produces; the noise on it has a scale of a hundred millions. */
const CANARY = 982_451_653;
const [report] = testPlanDocument().reports;
const plan = compilePlan({
  ...testPlan().plan,
  window: { seconds: 60, graceSeconds: 30, lagSeconds: 5 },
  privacy: { ...testPlan().plan.privacy, epsilon: '100' },
  reports: [
    {
      ...report!,
      measurements: [
        { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' },
        { name: 'size', attribute: 'size', kind: 'histogram', boundaries: [1, 5], epsilon: '0.1' },
        {
          name: 'amount',
          attribute: 'amount',
          kind: 'sum',
          min: '0',
          max: '1000000000',
          scale: '1',
          epsilon: '5',
          countEpsilon: '1',
        },
      ],
    },
  ],
});
const sealer = new TestSealer(plan, key);

let pair: ServicePair | undefined;
afterEach(() => pair?.close());

/** What a reader and an operator see of one window, its integers aside. */
interface Seen {
  readonly published: string[];
  readonly info: string[];
  readonly log: string[];
}

/** One window with so many contributions of the canary's amount; then everything there is to see. */
async function run(contributions: number, label = 0): Promise<Seen> {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  const services = new ServicePair(plan, log);
  pair = services;
  await services.startKeyHolder();
  await services.startReceiver();
  const members = plan.reports[0]!.measurements.map((measurement) => {
    const { kind } = measurement.measurement;
    const value = kind === 'flag' ? true : kind === 'histogram' ? 3 : CANARY;
    return membersOf(measurement, classifyValue(measurement, [value]).increments);
  });
  const seal = (): string => sealer.seal({ report: plan.reports[0]!, windowStart: WINDOW, labels: [label], members });
  if (contributions > 0) await services.send(...Array.from({ length: contributions }, seal));
  await services.untilPublished(1);
  const text = await (await fetch(`http://127.0.0.1:${String(services.receiver.ports.prometheus)}/metrics`)).text();
  const [window] = await services.receiver.releases();
  const stored = services.storedBytes().toString('latin1');
  await services.close();
  pair = undefined;
  const everything = [text, ...lines, JSON.stringify(window), stored].join('\n');
  for (const form of [String(CANARY), CANARY.toString(16), String(CANARY * contributions)]) {
    if (contributions > 0) expect(everything).not.toContain(form);
  }
  expectQuantilesOrMarks(text);
  return { published: seriesOf(text), info: infoOf(text), log: lines.map(withoutCounts) };
}

/** Of every cell and level there is either a quantile, made of noised buckets, or the mark that they do not say. */
function expectQuantilesOrMarks(text: string): void {
  const found = text.split('\n').flatMap((line) => {
    const [, name, region, quantile] =
      /^telemetry_kit_(checkout_size_quantile|suppressed)\{(?=.*region="(\w+)")(?=.*quantile="([\d.]+)")/.exec(line) ??
      [];
    return name === undefined ? [] : [`${String(region)} ${String(quantile)}`];
  });
  const regions = ['eu', 'us', 'elsewhere'];
  expect(found.sort()).toEqual(
    regions.flatMap((region) => ['0.5', '0.9', '0.99'].map((quantile) => `${region} ${quantile}`)).sort(),
  );
}

/** Quantiles and their marks, which follow from noised buckets alone. */
const isQuantile = (line: string): boolean => line.includes('quantile="');

/** Name and labels of every sample; the ledger's hashes hold the noised values and are left out. */
function seriesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !isQuantile(line))
    .map((line) => line.slice(0, line.lastIndexOf(' ')).replace(/ledger_hash="[^"]*"/, ''))
    .sort();
}

/** What is told beside the integers, with its values. */
function infoOf(text: string): string[] {
  const told = /_(stddev|window_end|budget_limit|budget_consumed|budget_remaining|suppressed)\b/;
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#') && !isQuantile(line) && told.test(line.split(/[{ ]/)[0] ?? ''));
}

/**
 * Of a log line all but time, process and address, and what only operators may see: the receiver's word on how many
 * contributions there were and their digest (docs/PROTOCOL.md, "Release").
 */
function withoutCounts(line: string): string {
  const operators = ['time', 'pid', 'hostname', 'peer', 'address', 'count', 'digest'];
  return JSON.stringify(JSON.parse(line, (name, value: unknown) => (operators.includes(name) ? undefined : value)));
}

test('nothing but the noised integers tells an empty window from one contribution, of a rare label or not, or from twenty', async () => {
  const [empty, one, rare, twenty] = [await run(0), await run(1), await run(1, 2), await run(20)];
  expect(empty.published.length).toBeGreaterThan(10);
  expect(empty.info.length).toBeGreaterThan(4);
  expect(one).toEqual(empty);
  expect(rare).toEqual(empty);
  expect(twenty).toEqual(empty);
});
