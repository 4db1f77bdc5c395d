import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { approximate } from '../../../src/math/rational.js';
import {
  coinsFrom,
  ContinualCounter,
  decodeTotal,
  decodingCoefficients,
  maxRho,
  sampleNoise,
  SecureBits,
  squaredSensitivity,
  squareRootCoefficients,
  totalStddevs,
} from '../../../src/privacy/index.js';
import { systemRandom } from '../../../src/random.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;

/** Variance of the worst total, times 2 rho: one window touched. */
function worstLoss(windows: number, scaleBits: number): number {
  const coefficients = squareRootCoefficients(windows, scaleBits);
  const variances = totalStddevs(decodingCoefficients(coefficients), 1).map((stddev) => stddev ** 2);
  return Number(squaredSensitivity(coefficients)) * Math.max(...variances);
}

/** (C~ x)_t, what the receiver computes on ciphertexts. */
function mixed(coefficients: readonly bigint[], values: readonly bigint[]): bigint[] {
  return values.map((_, t) =>
    values.slice(0, t + 1).reduce((sum, value, window) => sum + value * (coefficients[t - window] ?? 0n), 0n),
  );
}

describe('the square-root matrix', () => {
  test.each([
    [16, 3.779],
    [64, 5.707],
    [256, 8.015],
    [1024, 10.71],
    [1440, 11.432],
  ])('of %i windows has the published loss %f, and eight bits come within 0.1 %', (windows, loss) => {
    expect(worstLoss(windows, 40)).toBeCloseTo(loss, 3);
    expect(worstLoss(windows, 8) / worstLoss(windows, 40)).toBeLessThan(1.001);
    expect(worstLoss(windows, 8) / worstLoss(windows, 40)).toBeGreaterThan(1);
  });

  test('is the rounded square root of the matrix of prefix sums', () => {
    const coefficients = squareRootCoefficients(50, 60).map((value) => Number(value) / 2 ** 60);
    const square = coefficients.map((_, t) =>
      coefficients.slice(0, t + 1).reduce((sum, value, k) => sum + value * (coefficients[t - k] ?? 0), 0),
    );
    for (const value of square) expect(value).toBeCloseTo(1, 12);
    expect(squareRootCoefficients(6)).toEqual([256n, 128n, 96n, 80n, 70n, 63n]);
  });

  test.each([
    [1, 1, 3.38],
    [4, 1, 44.92],
    [10, 1, 250.3],
    [10, 10, 183.7],
  ])('%i windows touched, %i apart, change it by %f', (touches, separation, squared) => {
    const sensitivity = squaredSensitivity(squareRootCoefficients(1440, 30), touches, separation);
    expect(Number(sensitivity) / 2 ** 60 / squared).toBeCloseTo(1, 3);
  });

  test('touched windows change it most where they come first', () => {
    const coefficients = squareRootCoefficients(12);
    const worst = squaredSensitivity(coefficients, 3);
    for (let a = 0; a < 12; a += 1) {
      for (let b = a + 1; b < 12; b += 1) {
        for (let c = b + 1; c < 12; c += 1) {
          const touched = mixed(
            coefficients,
            Array.from({ length: 12 }, (_, w) => ([a, b, c].includes(w) ? 1n : 0n)),
          );
          expect(touched.reduce((sum, value) => sum + value * value, 0n)).toBeLessThanOrEqual(worst);
        }
      }
    }
  });

  test('absurd sizes are refused', () => {
    for (const windows of [0, -1, 1.5, Number.NaN, 10_081])
      expect(() => squareRootCoefficients(windows)).toThrow(invalid);
    for (const bits of [0, 65, 0.5]) expect(() => squareRootCoefficients(3, bits)).toThrow(invalid);
    const coefficients = squareRootCoefficients(10);
    expect(() => squaredSensitivity(coefficients, 11)).toThrow(invalid);
    expect(() => squaredSensitivity(coefficients, 4, 4)).toThrow(invalid);
    expect(() => squaredSensitivity(coefficients, 0)).toThrow(invalid);
  });
});

describe('decoding', () => {
  test('undoes the mixing and sums up', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(-1000n, 100_000n), { minLength: 1, maxLength: 60 }), (values) => {
        const coefficients = squareRootCoefficients(60);
        const released = mixed(coefficients, values);
        const total = Number(values.reduce((sum, value) => sum + value, 0n));
        expect(decodeTotal(decodingCoefficients(coefficients), released)).toBeCloseTo(total, 4);
      }),
    );
  });

  test('of a whole day stays accurate', () => {
    const coefficients = squareRootCoefficients(1440);
    const values = Array.from({ length: 1440 }, (_, window) => BigInt((window * 7919) % 100_003));
    const total = Number(values.reduce((sum, value) => sum + value, 0n));
    expect(decodeTotal(decodingCoefficients(coefficients), mixed(coefficients, values)) / total).toBeCloseTo(1, 9);
  });
});

describe('a continual counter', () => {
  const day = new ContinualCounter({ windows: 1440, rho: maxRho('1', '1e-6'), bound: 1n });

  test('ends a day of minutes at a standard deviation of 15.3, or 21.7 with both servers', () => {
    expect(day.stddevs(1).at(-1)).toBeCloseTo(15.3, 1);
    expect(day.stddevs(2).at(-1)).toBeCloseTo(21.7, 1);
    expect(Math.max(...day.stddevs(1))).toBe(day.stddevs(1).at(-1));
  });

  test('costs at most what it may, and nearly that', () => {
    const share = approximate(day.cost.rho) / approximate(maxRho('1', '1e-6'));
    expect(share).toBeLessThanOrEqual(1);
    expect(share).toBeGreaterThan(0.999);
  });

  test('needs noise for every window that a unit touches, and for the bound', () => {
    const options = { windows: 100, rho: maxRho('1', '1e-6'), bound: 1n };
    const [one, three] = [new ContinualCounter(options), new ContinualCounter({ ...options, bound: 3n })];
    const often = new ContinualCounter({ ...options, touches: 4, separation: 10 });
    expect((three.stddevs(1)[0] ?? 0) / (one.stddevs(1)[0] ?? 1)).toBeCloseTo(3, 2);
    expect(often.stddevs(1)[0]).toBeGreaterThan(2 * (one.stddevs(1)[0] ?? 0));
    expect(() => new ContinualCounter({ ...options, bound: 0n })).toThrow(invalid);
  });

  test('gives totals whose errors have the standard deviation it states', () => {
    const counter = new ContinualCounter({ windows: 32, rho: maxRho('1', '1e-6'), bound: 1n });
    const coins = coinsFrom(new SecureBits(systemRandom));
    const [runs, expected] = [4000, (counter.stddevs(1).at(-1) ?? 0) ** 2];
    let squares = 0;
    for (let run = 0; run < runs; run += 1) {
      const noise = Array.from({ length: 32 }, () => sampleNoise(coins, counter.mechanism));
      squares += counter.total(noise) ** 2;
    }
    // The ratio is normal about 1 with deviation sqrt(2 / runs): beyond 5.3 of them once in ten million runs.
    expect(Math.abs(squares / runs / expected - 1)).toBeLessThan(5.3 * Math.sqrt(2 / runs));
  });
});
