import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { assertDistinctSeries } from '../../src/receiver/series.js';
import { testPlan, testPlanDocument } from '../support/plans.js';

const flag = (name: string) => ({ name, attribute: `x.${name}`, kind: 'flag', epsilon: '1' }) as const;
const report = (name: string, measurements: readonly string[], labels: readonly string[] = []) =>
  ({ name, mode: 'per-span', spans: {}, labels, measurements: measurements.map(flag) }) as const;

function check(...plans: Partial<Plan>[]): () => void {
  return () => assertDistinctSeries(plans.map((overrides) => testPlan({ labels: [], ...overrides })));
}

const invalid = expect.objectContaining({ code: 'invalid_plan' }) as Error;

describe('names of published series', () => {
  test('of ordinary plans, and of two versions of one plan, do not clash', () => {
    expect(() => assertDistinctSeries([testPlan(), testPlan({ sequence: 2 })])).not.toThrow();
  });

  test.each<[string, Partial<Plan>[]]>([
    ['of two plans', [{ reports: [report('a', ['b'])] }, { name: 'other', reports: [report('a', ['b'])] }]],
    ['that Prometheus writes alike', [{ reports: [report('a_b', ['c']), report('a', ['b_c'])] }]],
    ['with a derived series', [{ reports: [report('a', ['b', 'b_stddev'])] }]],
    ['with the budget', [{ reports: [report('budget', ['limit'])] }]],
    ['with the release information', [{ reports: [report('release', ['info'])] }]],
  ])('are refused where they clash: %s', (_, plans) => {
    expect(check(...plans)).toThrow(invalid);
  });

  test.each([
    ['value', 'a'],
    ['report', 'a'],
    ['a.b', 'a_b'],
  ])('labels that would clash are refused: %s', (first, second) => {
    const labels = [first, second].map((key) => ({ key, values: ['x'], otherwise: 'x' }));
    expect(check({ labels, reports: [report('a', ['b'], [first, second])] })).toThrow(invalid);
  });

  test('labels of different reports do not clash', () => {
    const labels = ['a.b', 'a_b'].map((key) => ({ key, values: ['x'], otherwise: 'x' }));
    const reports = [report('a', ['b'], ['a.b']), report('c', ['d'], ['a_b'])];
    expect(check({ ...testPlanDocument(), labels, reports })).not.toThrow();
  });
});
