// @ts-check
/** Bytes of an envelope by what it measures: the same whatever is sealed. As a span attribute it is base64url text. */
import { EnvelopeSealer } from '../dist/src/wire/seal.js';
import { CATEGORY8, COALESCED_BOUND, coalescedPlan, FLAG, makeKey, makePlan } from './keys.mjs';

/** @type {Record<string, import('../dist/src/plan/plan.js').Measurement>} */
const KINDS = {
  flag: { name: 'success', attribute: 'bench.success', kind: 'flag', trueOnly: true, epsilon: '1' },
  flag3: FLAG,
  category8: CATEGORY8,
  histogram16: {
    name: 'latency',
    attribute: 'bench.latency',
    kind: 'histogram',
    boundaries: Array.from({ length: 15 }, (_, index) => 2 ** index),
    epsilon: '1',
  },
  // 0.00 to 1000.00: 100,000 steps.
  sum100k: {
    name: 'total',
    attribute: 'bench.total',
    kind: 'sum',
    min: '0',
    max: '1000',
    scale: '0.01',
    epsilon: '1',
    countEpsilon: '1',
  },
  product: {
    name: 'outcome',
    kind: 'product',
    factors: [
      { attribute: 'bench.success', min: 0, max: 1 },
      { attribute: 'bench.retried', min: 0, max: 1 },
    ],
    epsilon: '1',
  },
};

/** @returns {import('./harness.mjs').Result[]} */
export function wire() {
  return [2048, 3072].flatMap((bits) => {
    const key = makeKey(bits).publicKey;
    const single = Object.entries(KINDS).map(([name, measurement]) => ({
      name,
      plan: makePlan(key.kid, [measurement]),
      bound: 1,
    }));
    const coalesced = {
      name: `category8.${String(COALESCED_BOUND)}`,
      plan: coalescedPlan(key.kid, [CATEGORY8]),
      bound: COALESCED_BOUND,
    };
    return [...single, coalesced].flatMap(({ name, plan, bound }) => {
      const report = /** @type {import('../dist/src/plan/compile.js').CompiledReport} */ (plan.reports[0]);
      const bytes = new EnvelopeSealer(plan, key).envelopeBytes(report, bound);
      return [
        { name: `wire.${name}.bytes`, median: bytes, unit: 'bytes', bits },
        { name: `wire.${name}.base64url`, median: Math.ceil((bytes * 4) / 3), unit: 'bytes', bits },
      ];
    });
  });
}
