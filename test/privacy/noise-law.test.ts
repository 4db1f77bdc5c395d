import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRational, rational } from '../../src/math/rational.js';
import { describeNoise, discreteGaussian, noiseLaw } from '../../src/privacy/index.js';
import { discreteGaussianProbability } from '../support/discrete-gaussian-law.js';
import { discreteLaplaceProbability, sumOfTwoProbability } from '../support/discrete-laplace-law.js';

describe('the published interval', () => {
  test.each([
    ['1', 1, 3],
    ['10', 1, 30],
    ['10', 2, 41],
    ['1', 2, 4],
  ] as const)('scale %s with %i noises has half width %i', (scale, servers, halfWidth) => {
    expect(describeNoise(parseRational(scale), servers).halfWidth95).toBe(halfWidth);
  });

  test('is the smallest that holds 95 %, against brute force', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.constantFrom(1 as const, 2 as const), (tenths, servers) => {
        const scale = tenths / 10;
        const law = servers === 1 ? discreteLaplaceProbability(scale) : sumOfTwoProbability(scale);
        const inside = (bound: number): number => {
          let sum = 0;
          for (let x = -bound; x <= bound; x += 1) sum += law(x);
          return sum;
        };
        const { halfWidth95 } = describeNoise(rational(BigInt(tenths), 10n), servers);
        expect(inside(halfWidth95)).toBeGreaterThanOrEqual(0.95 - 1e-9);
        if (halfWidth95 > 0) expect(inside(halfWidth95 - 1)).toBeLessThan(0.95 + 1e-9);
      }),
      { numRuns: 40 },
    );
  });

  test('ends, and is right to a double, at any scale a plan can ask for', () => {
    for (const servers of [1, 2] as const) {
      for (const bits of [40n, 53n, 60n, 120n]) {
        const { stddev, halfWidth95 } = describeNoise(rational(1n << bits, 1n), servers);
        expect(stddev / 2 ** Number(bits)).toBeCloseTo(Math.SQRT2 * Math.sqrt(servers), 6);
        // Continuous Laplace: ln 20 for one; for two the root of (1 + x/2) exp(-x) = 0.05.
        expect(halfWidth95 / 2 ** Number(bits)).toBeCloseTo(servers === 1 ? Math.log(20) : 4.1128, 3);
      }
    }
  });

  test('stays accurate at the largest scale of a count', () => {
    const { stddev, halfWidth95 } = describeNoise(parseRational('1000000'), 1);
    expect(stddev).toBeCloseTo(Math.SQRT2 * 1e6, 0);
    expect(halfWidth95).toBe(2_995_732);
  });
});

describe('the standard deviation', () => {
  test.each(['0.5', '1', '3', '10'])('at scale %s is that of the law', (text) => {
    const law = discreteLaplaceProbability(Number(text));
    let variance = 0;
    for (let x = -1000; x <= 1000; x += 1) variance += x * x * law(x);
    expect(describeNoise(parseRational(text), 1).stddev).toBeCloseTo(Math.sqrt(variance), 9);
    expect(describeNoise(parseRational(text), 2).stddev).toBeCloseTo(Math.sqrt(2 * variance), 9);
  });

  test('scale zero is refused', () => {
    expect(() => describeNoise(parseRational('0'), 1)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

describe('the discrete Gaussian', () => {
  /** P[|noise| > bound] by brute force. */
  const outside = (law: (value: number) => number, bound: number, reach: number): number => {
    let sum = 0;
    for (let x = reach; x > bound; x -= 1) sum += 2 * law(x);
    return sum;
  };
  const twice = (law: (value: number) => number, reach: number) => (value: number) => {
    let sum = 0;
    for (let x = -reach; x <= reach; x += 1) sum += law(x) * law(value - x);
    return sum;
  };

  test.each(['0.2', '0.5', '1', '2.25', '4', '20', '164.25', '4095', '4096', '10000'])(
    'of parameter %s has the tails and the variance of its law',
    (text) => {
      const law = discreteGaussianProbability(Number(text));
      const sigma = Math.sqrt(Number(text));
      const { variance, tail } = noiseLaw(discreteGaussian(text), 1);
      let exact = 0;
      for (let x = Math.ceil(20 * sigma); x > 0; x -= 1) exact += 2 * x * x * law(x);
      expect(variance / exact).toBeCloseTo(1, 12);
      for (const bound of [0, 1, 2, 3, 5, 7].map((sigmas) => Math.floor(sigmas * sigma))) {
        const truth = outside(law, bound, Math.ceil(30 * sigma) + 10) / 2;
        expect(Math.abs(tail(bound) / truth - 1)).toBeLessThan(1e-9);
      }
    },
  );

  test.each(['0.2', '1', '3.5', '4', '9'])('of parameter %s twice is the convolution', (text) => {
    const reach = Math.ceil(20 * Math.sqrt(Number(text))) + 5;
    const law = twice(discreteGaussianProbability(Number(text)), reach);
    const { variance, tail } = noiseLaw(discreteGaussian(text), 2);
    expect(variance / (2 * noiseLaw(discreteGaussian(text), 1).variance)).toBeCloseTo(1, 12);
    for (const bound of [0, 1, 3, 6, 10]) {
      const truth = outside(law, bound, reach) / 2;
      expect(Math.abs(tail(bound) / truth - 1)).toBeLessThan(1e-9);
    }
  });

  test('has the half width of the normal distribution where it is large', () => {
    const ten = describeNoise(discreteGaussian('100'), 1);
    expect(ten.stddev).toBeCloseTo(10, 12);
    // 2 Q(1.95) = 0.0512 is outside 19 yet.
    expect(ten.halfWidth95).toBe(20);
    const { stddev, halfWidth95 } = describeNoise(discreteGaussian(rational(1n << 100n, 1n)), 2);
    expect(stddev).toBeCloseTo(2 ** 50.5, -3);
    expect(halfWidth95 / 2 ** 50.5).toBeCloseTo(1.959964, 6);
  });
});
