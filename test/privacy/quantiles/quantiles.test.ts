import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  coinsFrom,
  cumulate,
  describeNoise,
  discreteLaplace,
  isotonicRegression,
  quantileOf,
  sampleNoise,
  SecureBits,
} from '../../../src/privacy/index.js';
import { systemRandom } from '../../../src/random.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;

describe('isotonic regression', () => {
  test.each([
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
    [
      [3, 1],
      [2, 2],
    ],
    [
      [1, 5, 3, 4, 10],
      [1, 4, 4, 4, 10],
    ],
    [
      [4, 3, 2, 1],
      [2.5, 2.5, 2.5, 2.5],
    ],
    [[], []],
  ])('of %j is %j', (values, expected) => {
    expect(isotonicRegression(values)).toEqual(expected);
  });

  test('heeds weights', () => {
    expect(isotonicRegression([3, 1], [3, 1])).toEqual([2.5, 2.5]);
  });

  test('is non-decreasing, keeps sums, and is nearer to every monotone sequence than the input', () => {
    const numbers = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        numbers,
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 20, maxLength: 20 }),
        (values, steps) => {
          const fitted = isotonicRegression(values);
          const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0);
          expect(fitted.every((value, index) => index === 0 || value >= (fitted[index - 1] ?? 0) - 1e-9)).toBe(true);
          expect(sum(fitted)).toBeCloseTo(sum(values), 6);
          let level = -100;
          const monotone = values.map((_, index) => (level += steps[index] ?? 0));
          const distance = (list: readonly number[]): number =>
            sum(list.map((value, index) => (value - (monotone[index] ?? 0)) ** 2));
          expect(distance(fitted)).toBeLessThanOrEqual(distance(values) + 1e-6);
        },
      ),
    );
  });
});

describe('a quantile', () => {
  const boundaries = [0, 10, 20, 50, 100];

  test('without noise is the linear interpolation', () => {
    const buckets = cumulate(boundaries, [100n, 100n, 100n, 100n], 0);
    expect(quantileOf(buckets, 0.5)).toEqual({ kind: 'estimate', value: 20, low: 20, high: 20 });
    expect(quantileOf(buckets, 0.125)).toMatchObject({ value: 5 });
    expect(quantileOf(buckets, 0.9)).toMatchObject({ value: 80 });
  });

  test('of a p99 with a noised total below 1000 is insufficient', () => {
    const [few, enough] = [999n, 1000n].map((total) => cumulate(boundaries, [0n, 0n, total, 0n], 1));
    expect(quantileOf(few!, 0.99)).toEqual({ kind: 'insufficient' });
    expect(quantileOf(enough!, 0.99).kind).toBe('estimate');
    expect(quantileOf(few!, 0.01)).toEqual({ kind: 'insufficient' });
    expect(quantileOf(few!, 0.5).kind).toBe('estimate');
    expect(quantileOf(cumulate(boundaries, [19n, 0n, 0n, 0n], 0), 0.5)).toEqual({ kind: 'insufficient' });
  });

  test('is insufficient where the noise of the total is as large as the total, or the total negative', () => {
    expect(quantileOf(cumulate(boundaries, [50n, 0n, 0n, 0n], 20), 0.5)).toEqual({ kind: 'insufficient' });
    expect(quantileOf(cumulate(boundaries, [-500n, 0n, 0n, 0n], 1), 0.5)).toEqual({ kind: 'insufficient' });
  });

  test('copes with negative noised counts', () => {
    const buckets = cumulate(boundaries, [-30n, 400n, -10n, 300n], 10);
    const median = quantileOf(buckets, 0.5);
    expect(median).toMatchObject({ kind: 'estimate' });
    if (median.kind !== 'estimate') return;
    expect(median.low).toBeLessThanOrEqual(median.value);
    expect(median.high).toBeGreaterThanOrEqual(median.value);
    expect(median.value).toBeGreaterThan(10);
  });

  test('its interval holds the quantile without noise at least nine times in ten', () => {
    const counts = [3000n, 5000n, 1500n, 500n];
    const mechanism = discreteLaplace('30');
    const { stddev } = describeNoise(mechanism, 1);
    const coins = coinsFrom(new SecureBits(systemRandom));
    for (const level of [0.25, 0.5, 0.95]) {
      const exact = quantileOf(cumulate(boundaries, counts, 0), level);
      if (exact.kind !== 'estimate') throw new Error('insufficient');
      let held = 0;
      for (let run = 0; run < 400; run += 1) {
        const noised = counts.map((count) => count + sampleNoise(coins, mechanism));
        const { low, high } = quantileOf(cumulate(boundaries, noised, stddev), level) as { low: number; high: number };
        if (low <= exact.value && exact.value <= high) held += 1;
      }
      // At 95 %, fewer than 340 of 400 come up less than once in ten million runs.
      expect(held).toBeGreaterThanOrEqual(340);
    }
  });

  test('nonsense is refused', () => {
    const buckets = cumulate(boundaries, [1n, 2n, 3n, 4n], 1);
    for (const level of [0, 1, -1, Number.NaN]) expect(() => quantileOf(buckets, level)).toThrow(invalid);
    expect(() => quantileOf({ ...buckets, boundaries: [0, 1] }, 0.5)).toThrow(invalid);
    expect(() => quantileOf({ ...buckets, boundaries: [0, 10, 10, 50, 100] }, 0.5)).toThrow(invalid);
    expect(() => quantileOf({ ...buckets, boundaries: [0, 10, 20, 50, Infinity] }, 0.5)).toThrow(invalid);
    expect(() => quantileOf({ boundaries: [0], cumulative: [], stddevs: [] }, 0.5)).toThrow(invalid);
  });
});
