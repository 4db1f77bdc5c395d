import { afterEach, beforeEach, expect, test } from 'vitest';
import { testPlan, testPlanDocument } from '../support/plans.js';
import { envelope, WINDOW } from './harness.js';
import { ServicePair } from './pair.js';

/** Both servers add noise, of scale 1/10: a slot is off by more than 3 with probability below 10^-11. */
const EPSILON = '10';
const [report] = testPlanDocument().reports;
const plan = testPlan({
  privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '90', noise: 'both' },
  reports: [
    { ...report!, measurements: report!.measurements.map((measurement) => ({ ...measurement, epsilon: EPSILON })) },
  ],
});

let pair: ServicePair;

beforeEach(async () => {
  pair = new ServicePair(plan);
  await pair.startReceiver();
});

afterEach(() => pair.close());

test('sealed spans in, private totals out, with a key holder that is late and a budget that runs out', async () => {
  await pair.send(...Array.from({ length: 30 }, () => envelope(WINDOW, 0, plan)));
  pair.now = WINDOW + 90;
  await pair.send(envelope(WINDOW + 60, 1, plan));
  await pair.startKeyHolder();
  await pair.untilPublished(2);
  const [first, second] = await pair.receiver.releases();

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

  const text = await (await fetch(`http://127.0.0.1:${String(pair.receiver.ports.prometheus)}/metrics`)).text();
  expect(text).toContain(
    'telemetry_kit_suppressed{report="checkout",measurement="plan",region="eu",reason="budget"} 1',
  );
  expect(text).toContain('telemetry_kit_budget_remaining{domain="shop",measure="epsilon"} 0');
  expect(text).toMatch(/telemetry_kit_release_info\{.*ledger_sequence="\d+",ledger_hash="[\w-]{43}"\} 1/);
});
