import { describe, expect, it } from 'vitest';
import { approximate, formatRational } from '../../src/math/rational.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { selectionDelta } from '../../src/plan/plan-cost.js';
import { keyThreshold, selectionNoise } from '../../src/wire/selection-noise.js';
import { openPlan } from '../support/open-plans.js';

function planOf(
  selectionEpsilon: string,
  keysPerSubject: number,
  noise: 'both' | 'keyholder',
  processes?: number,
): CompiledPlan {
  const bounds = { subject: 'user.id', visits: 6, ...(processes === undefined ? {} : { processes }) };
  return openPlan({
    label: { keysPerSubject },
    report: { selectionEpsilon },
    privacy: { epsilon: '9', noise, bounds },
  });
}

function thresholdOf(plan: CompiledPlan): bigint {
  return keyThreshold(plan, plan.reports[0]!);
}

/** P[sum of `servers` draws = value], by convolution of the law itself, far enough that the rest is below 1e-30. */
function lawOf(scale: number, servers: number): (value: number) => number {
  const p = Math.exp(-1 / scale);
  const one = (value: number): number => ((1 - p) / (1 + p)) * p ** Math.abs(value);
  if (servers === 1) return one;
  const reach = Math.ceil(80 * scale);
  return (value) => {
    let sum = 0;
    for (let first = -reach; first <= reach; first += 1) sum += one(first) * one(value - first);
    return sum;
  };
}

/** P[noise >= least]. */
function tailOf(law: (value: number) => number, least: number, scale: number): number {
  let sum = 0;
  for (let value = least + Math.ceil(80 * scale); value >= least; value -= 1) sum += law(value);
  return sum;
}

describe('the threshold for keys', () => {
  it.each<[string, number, 'both' | 'keyholder', bigint]>([
    ['1', 1, 'keyholder', 15n],
    ['1', 1, 'both', 17n],
    ['0.1', 1, 'keyholder', 133n],
    ['0.1', 1, 'both', 155n],
    ['1', 4, 'keyholder', 60n],
    ['1', 4, 'both', 69n],
  ])('at epsilon %s and %i keys a subject with noise of %s is %i', (epsilon, keys, noise, threshold) => {
    expect(thresholdOf(planOf(epsilon, keys, noise))).toBe(threshold);
  });

  it('grows with processes that do not share their contribution store', () => {
    const plan = planOf('1', 1, 'keyholder', 2);
    // Two keys of a count of two: 2 + the least m with e^-m / (1 + e^-1) <= 5e-7.
    expect(thresholdOf(plan)).toBe(17n);
    expect(formatRational(selectionNoise(plan.reports[0]!).scale)).toBe('1');
  });

  it.each<[string, number, 'both' | 'keyholder', number | undefined]>([
    ['1', 1, 'keyholder', undefined],
    ['1', 1, 'both', undefined],
    ['0.5', 3, 'both', undefined],
    ['2', 6, 'keyholder', undefined],
    ['1', 2, 'both', 2],
    ['0.1', 1, 'both', 3],
  ])(
    'keeps the keys that one subject alone has away with probability 1 - delta: epsilon %s, %i keys, %s, %s processes',
    (epsilon, keys, noise, processes = 1) => {
      const plan = planOf(epsilon, keys, noise, processes);
      const [report] = plan.reports;
      const scale = approximate(selectionNoise(report!).scale);
      expect(scale).toBeCloseTo(keys / Number(epsilon), 12);
      const law = lawOf(scale, noise === 'both' ? 2 : 1);
      const threshold = Number(keyThreshold(plan, report!));
      const delta = approximate(selectionDelta(plan.plan));
      const shown = processes * keys * tailOf(law, threshold - processes, scale);
      expect(shown).toBeLessThanOrEqual(delta);
      // And by no more than it takes: one less would be too little.
      expect(processes * keys * tailOf(law, threshold - 1 - processes, scale)).toBeGreaterThan(delta);
    },
  );

  it('of two selections is that of half the delta each', () => {
    const [report] = openPlan().plan.reports;
    const two = openPlan({ privacy: { epsilon: '9' }, plan: { reports: [report!, { ...report!, name: 'second' }] } });
    expect(thresholdOf(two)).toBeGreaterThan(thresholdOf(openPlan({ privacy: { epsilon: '9' } })));
  });
});
