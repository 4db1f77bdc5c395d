import { describe, expect, test } from 'vitest';
import { formatRational, parseRational, rational } from '../../../src/math/rational.js';
import {
  approximateCost,
  calibrate,
  concentratedCost,
  LifetimeOdometer,
  maxRho,
  pureCost,
} from '../../../src/privacy/index.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;

describe('the lifetime odometer', () => {
  test('of a year of Gaussian days of (1, 1e-6) stands at 29.8', () => {
    const year = new LifetimeOdometer();
    for (let day = 0; day < 365; day += 1) year.record(concentratedCost(maxRho('1', '1e-6')));
    expect(year.periods).toBe(365);
    expect(year.cost.epsilon).toBeUndefined();
    expect(year.epsilonAt('1e-6')).toBeCloseTo(29.8, 1);
  });

  test('of Laplace days takes the smaller of the sum and the conversion', () => {
    const days = new LifetimeOdometer();
    days.record(pureCost('1'));
    expect(days.epsilonAt('1e-6')).toBe(1);
    for (let day = 1; day < 365; day += 1) days.record(pureCost('1'));
    expect(formatRational(days.cost.epsilon ?? rational(0n, 1n))).toBe('365');
    expect(days.epsilonAt('1e-6')).toBeLessThan(365);
  });

  test('of default days, 8 cells of scale 8, records epsilon 1 and the smaller rho of 8 apart, 0.0625', () => {
    const { cost } = calibrate({ unit: { kind: 'user-period', cells: 8 }, bound: 1n, epsilon: '1' });
    expect([cost.epsilon, cost.rho]).toEqual([parseRational('1'), parseRational('0.0625')]);
    const year = new LifetimeOdometer();
    for (let day = 0; day < 365; day += 1) year.record(cost);
    expect(year.epsilonAt('1e-6')).toBeLessThan(60);
  });

  test('goes on where an earlier run ended, and knows deltas', () => {
    const first = new LifetimeOdometer();
    first.record(approximateCost('0.5', '1e-7'));
    const second = new LifetimeOdometer({ periods: first.periods, cost: first.cost });
    second.record(approximateCost('0.5', '1e-7'));
    expect(second.periods).toBe(2);
    expect(second.epsilonAt('2e-7')).toBe(Infinity);
    expect(second.epsilonAt('3e-7')).toBeLessThan(10);
    expect(new LifetimeOdometer().epsilonAt('1e-6')).toBe(0);
    expect(() => new LifetimeOdometer({ periods: -1, cost: first.cost })).toThrow(invalid);
    expect(() => second.epsilonAt('0')).toThrow(invalid);
  });
});
