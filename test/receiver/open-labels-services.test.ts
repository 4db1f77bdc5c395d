/** Open labels over both built services: OTLP in, workers that verify, gRPC between them, Prometheus out. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OTHER_KEY } from '../../src/plan/labels.js';
import { TestSealer } from '../support/envelopes.js';
import { openPlan } from '../support/open-plans.js';
import { key, WINDOW } from './harness.js';
import { ServicePair } from './pair.js';

/** Both servers add noise, of scale 1/5: 40 subjects are selected and one is not, but with a chance below 1e-6. */
const plan = openPlan({
  report: {
    selectionEpsilon: '5',
    measurements: [{ name: 'success', attribute: 'checkout.success', kind: 'flag', epsilon: '5' }],
  },
  privacy: { epsilon: '10', delta: '0.0000001', bounds: { subject: 'user.id', visits: 1 } },
});
const sealer = new TestSealer(plan, key);

let pair: ServicePair;

beforeEach(async () => {
  pair = new ServicePair(plan);
  await pair.startReceiver();
});

afterEach(() => pair.close());

function envelope(feature: string, unit: number): string {
  const [report] = plan.reports;
  return sealer.seal({ report: report!, windowStart: WINDOW, labels: [feature], members: [[1], [unit]] });
}

test('a key of many subjects is shown by name, a key of one is not, and counts with all others', async () => {
  await pair.send(
    ...Array.from({ length: 40 }, () => envelope('search', 1)),
    envelope('rare', 1),
    envelope(OTHER_KEY, 0),
  );
  pair.now = WINDOW + 3600 + 30;
  await pair.startKeyHolder();
  await pair.untilPublished(1);
  const [window] = await pair.receiver.releases();
  const counts = window!.cells.map(({ labels, values }) => [labels['feature'], values[0]!.amount] as const);
  expect(counts.map(([feature]) => feature)).toEqual(['search', OTHER_KEY]);
  expect(Math.abs(counts[0]![1] - 40)).toBeLessThanOrEqual(3);
  expect(Math.abs(counts[1]![1] - 2)).toBeLessThanOrEqual(3);

  const metrics = async (port: number): Promise<string> =>
    (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  const published = await metrics(pair.receiver.ports.prometheus);
  expect(published).toMatch(/telemetry_kit_checkout_success\{feature="search",value="true"\} \d+/);
  expect(published).toMatch(/telemetry_kit_release_info\{.*selection_threshold="\d+"/);
  const operational = await metrics(pair.receiver.ports.admin);
  for (const text of [published, operational]) expect(text).not.toContain('rare');
  expect(operational).toContain('reason="label_limit"');
});
