/**
 * Every kind of measurement, sealed by the processor of the real SDK, per span and coalesced, through receiver
 * and key holder to the published numbers.
 */
import { afterEach, expect, it } from 'vitest';
import type { Measurement, ReportMode } from '../../src/plan/plan.js';
import { ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { readyKit } from '../processor/harness.js';
import { planOf } from '../support/plans.js';
import { WINDOW } from './harness.js';
import { ServicePair } from './pair.js';

/** At this epsilon a slot to which one span adds at most 3 is off by more than 12 with probability below 10^-7. */
const epsilon = '10';
const measurements: Measurement[] = [
  { name: 'ok', attribute: 'ok', kind: 'flag', epsilon },
  { name: 'hit', attribute: 'hit', kind: 'flag', trueOnly: true, epsilon },
  { name: 'plan', attribute: 'plan', kind: 'category', values: ['free', 'team'], other: true, epsilon },
  { name: 'ms', attribute: 'ms', kind: 'histogram', boundaries: [10, 100], epsilon },
  { name: 'eur', attribute: 'eur', kind: 'sum', min: '-1', max: '2', scale: '1', epsilon, countEpsilon: epsilon },
  {
    name: 'xy',
    kind: 'product',
    factors: [
      { attribute: 'x', min: 0, max: 1 },
      { attribute: 'y', min: 0, max: 1 },
    ],
    epsilon,
  },
];
const SPANS = 40;

let pair: ServicePair | undefined;

afterEach(() => pair?.close());

it.each<ReportMode>(['per-span', 'coalesced'])('%s', async (mode) => {
  const plan = planOf(
    measurements,
    { mode },
    { privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '900', noise: 'both' } },
  );
  pair = new ServicePair(plan);
  await pair.startKeyHolder();
  await pair.startReceiver();

  const kit = await readyKit({ plan, poolRecordLimit: 8192 });
  for (let index = 0; index < SPANS; index += 1) {
    const span = kit.provider.getTracer('shop').startSpan('checkout', { startTime: WINDOW * 1000 });
    span.setAttributes({ ok: index % 4 !== 0, hit: index % 2 === 0, plan: index % 5 === 0 ? 'gold' : 'team' });
    span.setAttributes({ ms: index, eur: 1, x: true, y: index % 2 === 0 });
    span.end(WINDOW * 1000 + 5);
  }
  await kit.processor.forceFlush();
  const envelopes = kit.exporter.getFinishedSpans().flatMap(({ attributes }) => attributes[ENVELOPE_ATTRIBUTE] ?? []);
  expect(envelopes).toHaveLength(mode === 'per-span' ? SPANS : 1);
  await pair.send(...envelopes.map(String));
  await kit.processor.shutdown();

  await pair.untilPublished(1);
  const [window] = await pair.receiver.releases();
  const published = Object.fromEntries(
    window!.cells.flatMap(({ measurement, values }) =>
      values.map(({ series, value, amount }) => [`${measurement}.${series}.${value ?? ''}`, amount]),
    ),
  );
  const truth: Record<string, number> = {
    'ok.own.true': 30,
    'ok.own.false': 10,
    'hit.own.true': 20,
    'plan.own.free': 0,
    'plan.own.team': 32,
    'plan.own.other': 8,
    'ms.own.(-inf, 10]': 11,
    'ms.own.(10, 100]': 29,
    'ms.own.(100, +inf]': 0,
    'eur.own.': 40,
    'eur.count.': 40,
    'xy.own.x': 40,
    'xy.own.y': 20,
    'xy.own.xy': 20,
  };
  expect(Object.keys(published).sort()).toEqual(Object.keys(truth).sort());
  for (const [series, amount] of Object.entries(truth)) {
    expect(Math.abs((published[series] ?? NaN) - amount), series).toBeLessThanOrEqual(12);
  }
});
