import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRational, rational } from '../../src/math/rational.js';
import { describeNoise } from '../../src/privacy/noise-law.js';
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
