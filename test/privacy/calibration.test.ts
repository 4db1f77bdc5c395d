import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  approximate,
  compareRational,
  formatRational,
  parseRational,
  rational,
  ZERO,
} from '../../src/math/rational.js';
import {
  calibrate,
  deltaOfRho,
  describeNoise,
  epsilonOfRho,
  gaussianFor,
  laplaceFor,
  maxRho,
  mechanismCost,
  scaleFor,
  sensitivityOf,
  type Quantity,
} from '../../src/privacy/index.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;
const perPeriod = (cells: number) => ({ kind: 'user-period', cells }) as const;

describe('scaleFor', () => {
  test('is sensitivity over epsilon, exactly', () => {
    expect(formatRational(scaleFor(1n, parseRational('0.3')))).toBe('10/3');
    expect(formatRational(scaleFor(3n, parseRational('1.5')))).toBe('2');
  });

  test('refuses an epsilon or a sensitivity of zero', () => {
    expect(() => scaleFor(1n, ZERO)).toThrow(invalid);
    expect(() => scaleFor(0n, parseRational('1'))).toThrow(invalid);
  });
});

describe('sensitivity', () => {
  test.each([
    [{ kind: 'event' }, 5n, 5n, 25n],
    [{ kind: 'event', cells: 2 }, 5n, 10n, 50n],
    [{ kind: 'user-period', cells: 8 }, 3n, 24n, 72n],
    [{ kind: 'user-period', cells: 8, total: 10n }, 3n, 10n, 30n],
    [{ kind: 'user-period', cells: 8, total: 100n }, 3n, 24n, 72n],
    [{ kind: 'user-period', cells: 8, total: 2n }, 3n, 2n, 6n],
  ] as const)('of %o with bound %i', (unit, bound, l1, l2Squared) => {
    expect(sensitivityOf(unit, bound)).toEqual({ l1, l2Squared });
  });

  test('unbounded, fractional and negative ones are refused', () => {
    for (const cells of [0, -1, 1.5, Number.NaN, Infinity, 1e9]) {
      expect(() => sensitivityOf(perPeriod(cells), 1n)).toThrow(invalid);
    }
    expect(() => sensitivityOf({ kind: 'event' }, 0n)).toThrow(invalid);
    expect(() => sensitivityOf({ kind: 'event' }, -1n)).toThrow(invalid);
    expect(() => sensitivityOf({ kind: 'event' }, 1 as unknown as bigint)).toThrow(invalid);
    expect(() => sensitivityOf({ ...perPeriod(3), total: 0n }, 1n)).toThrow(invalid);
  });
});

describe('the conversion between rho and (epsilon, delta)', () => {
  test('gives the published rho of (1, 1e-6), rounded down', () => {
    expect(approximate(maxRho('1', '1e-6'))).toBeCloseTo(0.02435597, 9);
    expect(deltaOfRho(maxRho('1', '1e-6'), '1')).toBeLessThanOrEqual(1e-6);
    expect(approximate(epsilonOfRho(maxRho('1', '1e-6'), '1e-6'))).toBeCloseTo(1, 6);
  });

  test('365 days of it are epsilon 29.8', () => {
    const { numerator, denominator } = maxRho('1', '1e-6');
    expect(approximate(epsilonOfRho(rational(365n * numerator, denominator), '1e-6'))).toBeCloseTo(29.8, 1);
  });

  test('never promises too much, and loses next to nothing', () => {
    const digits = fc.integer({ min: 1, max: 9_999 }).map((value) => value / 1000);
    fc.assert(
      fc.property(digits, fc.integer({ min: 2, max: 12 }), (epsilon, power) => {
        const [declared, delta] = [epsilon.toFixed(3), `1e-${String(power)}`];
        const rho = maxRho(declared, delta);
        expect(deltaOfRho(rho, declared)).toBeLessThanOrEqual(10 ** -power);
        expect(approximate(epsilonOfRho(rho, delta)) / epsilon).toBeCloseTo(1, 6);
        const more = rational(rho.numerator * 1001n, rho.denominator * 1000n);
        expect(deltaOfRho(more, declared)).toBeGreaterThan(10 ** -power);
      }),
      { numRuns: 60 },
    );
  });

  test('is never looser than rho + 2 sqrt(rho ln(1/delta))', () => {
    for (const rho of ['0.0001', '0.01', '0.5', '4', '100']) {
      const simple = Number(rho) + 2 * Math.sqrt(Number(rho) * Math.log(1e6));
      expect(approximate(epsilonOfRho(rho, '1e-6'))).toBeLessThan(simple);
    }
  });

  test.each(['0', '1', '2', 'NaN', 0.1, undefined])('delta %s is refused', (delta) => {
    expect(() => maxRho('1', delta as Quantity)).toThrow(invalid);
    expect(() => epsilonOfRho('1', delta as Quantity)).toThrow(invalid);
  });
});

describe('calibration', () => {
  test('rho of the Gaussian never exceeds what was declared, and its variance is a small fraction', () => {
    for (const cells of [1, 11, 24, 1440]) {
      for (const bound of [1n, 7n, 1n << 40n]) {
        const sensitivity = sensitivityOf(perPeriod(cells), bound);
        const noise = gaussianFor(sensitivity, '1', '1e-6');
        const { rho } = mechanismCost(noise, sensitivity);
        expect(compareRational(rho, maxRho('1', '1e-6'))).toBeLessThanOrEqual(0);
        expect(approximate(rho) / 0.02435597).toBeGreaterThan(0.999);
        // 1000 to 2000 parts, times a power of two.
        let parts = noise.variance.numerator;
        while (parts % 2n === 0n) parts /= 2n;
        expect(parts).toBeLessThanOrEqual(2000n);
      }
    }
  });

  test('Laplace costs exactly the declared epsilon', () => {
    const sensitivity = sensitivityOf(perPeriod(8), 3n);
    expect(mechanismCost(laplaceFor(sensitivity, '0.7'), sensitivity).epsilon).toEqual(parseRational('0.7'));
  });

  test.each([
    [1, 'discrete-laplace', 1.357],
    [8, 'discrete-laplace', 11.3],
    [10, 'discrete-laplace', 14.14],
    [11, 'discrete-gaussian', 15.03],
    [24, 'discrete-gaussian', 22.2],
    [60, 'discrete-gaussian', 35.1],
    [144, 'discrete-gaussian', 54.4],
    [288, 'discrete-gaussian', 76.9],
  ] as const)('for %i cells at (1, 1e-6) it is %s', (cells, kind, stddev) => {
    const {
      mechanism,
      stddev: chosen,
      why,
      alternative,
    } = calibrate({
      unit: perPeriod(cells),
      bound: 1n,
      epsilon: '1',
      delta: '1e-6',
    });
    expect(mechanism.kind).toBe(kind);
    expect(Math.abs(chosen / stddev - 1)).toBeLessThan(0.005);
    expect(alternative?.stddev).toBeGreaterThan(chosen);
    expect(why).toContain(String(Number(chosen.toPrecision(4))));
    expect(why).toContain(cells === 1 ? '1 cell,' : `${String(cells)} cells`);
  });

  test('with both servers 8 cells have a standard deviation of 16.0', () => {
    const { mechanism } = calibrate({ unit: perPeriod(8), bound: 1n, epsilon: '1' });
    expect(describeNoise(mechanism, 2).stddev).toBeCloseTo(16, 1);
  });

  test('without a delta it is Laplace, and says so', () => {
    const { mechanism, alternative, why } = calibrate({ unit: perPeriod(500), bound: 1n, epsilon: '1' });
    expect([mechanism.kind, alternative]).toEqual(['discrete-laplace', undefined]);
    expect(why).toContain('without a delta');
  });
});
