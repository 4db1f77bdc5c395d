import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRational, rational } from '../../src/math/rational.js';
import {
  approximateLimit,
  describeNoise,
  DifferentialPrivacy,
  discreteLaplace,
  maxRho,
  PrivacyBudget,
  PrivacyFilter,
  pureLimit,
  type Quantity,
} from '../../src/privacy/index.js';
import { Grid } from '../../src/privacy/grid.js';
import { discreteLaplaceProbability } from '../support/discrete-laplace-law.js';
import { fits } from '../support/goodness-of-fit.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;

describe('integers', () => {
  test('get discrete Laplace noise of scale sensitivity over epsilon', () => {
    const privacy = new DifferentialPrivacy({ sensitivity: '2', epsilon: '1' });
    expect(privacy.noise).toBe('discrete-laplace');
    expect(privacy.describe()).toEqual(describeNoise(discreteLaplace('2'), 1));
    expect(
      fits(() => privacy.addNoise(1000n) - 1000n, discreteLaplaceProbability(2), { bound: 8, draws: 100_000 }),
    ).toBe(true);
  });

  test('that one unit changes many of get Gaussian noise where a delta allows it', () => {
    const options = { sensitivity: '1', epsilon: '1', values: 100 };
    const [laplace, gaussian] = [options, { ...options, delta: '1e-6' }].map((each) => new DifferentialPrivacy(each));
    expect([laplace?.noise, gaussian?.noise]).toEqual(['discrete-laplace', 'discrete-gaussian']);
    expect(laplace?.describe().stddev).toBeCloseTo(141.4, 1);
    expect(gaussian?.describe().stddev).toBeCloseTo(45.3, 1);
    expect(gaussian?.cost.rho).toEqual(maxRho('1', '1e-6'));
    expect(laplace?.cost).toMatchObject({ epsilon: parseRational('1'), rho: parseRational('0.005') });
  });

  test('need a sensitivity that is whole', () => {
    const halves = new DifferentialPrivacy({ sensitivity: '0.5', epsilon: '1' });
    const budget = new PrivacyBudget('1');
    expect(() => halves.addNoise(1n)).toThrow(invalid);
    expect(() => halves.release(1n, budget)).toThrow(invalid);
    expect(budget.spent.numerator).toBe(0n);
    const whole = new DifferentialPrivacy({ sensitivity: '1', epsilon: '1' });
    expect(() => whole.addNoise(1 as unknown as bigint)).toThrow(invalid);
  });
});

describe('real values', () => {
  test('get noise of the stated size', () => {
    const privacy = new DifferentialPrivacy({ sensitivity: '0.25', epsilon: '1' });
    const { stddev, halfWidth95 } = privacy.describe();
    expect(stddev).toBeCloseTo(Math.SQRT2 / 4, 5);
    expect(halfWidth95).toBeCloseTo(Math.log(20) / 4, 5);
    const runs = 20_000;
    let squares = 0;
    for (let run = 0; run < runs; run += 1) squares += (privacy.addNoiseToReal(-17.3) + 17.3) ** 2;
    // The square of Laplace noise has five times the relative variance 5: beyond 5.5 deviations once in 10^7 runs.
    expect(Math.abs(squares / runs / stddev ** 2 - 1)).toBeLessThan(6 * Math.sqrt(5 / runs));
  });

  test('keep their size from tiny to huge', () => {
    for (const sensitivity of ['1e-20', '0.001', '1', '1e25']) {
      const privacy = new DifferentialPrivacy({ sensitivity, epsilon: '1' });
      for (const value of [0, 1e-300, -1, 1e30, 1e300, 5e-324]) {
        const distance = Math.abs(privacy.addNoiseToReal(value) - value);
        expect(distance).toBeLessThanOrEqual(60 * Number(sensitivity) + Math.abs(value) * 1e-15);
      }
    }
  });

  test('NaN and infinities are refused', () => {
    const privacy = new DifferentialPrivacy({ sensitivity: '1', epsilon: '1' });
    for (const value of [Number.NaN, Infinity, -Infinity, '1' as unknown as number]) {
      expect(() => privacy.addNoiseToReal(value)).toThrow(invalid);
    }
  });
});

describe('the grid', () => {
  const grid = new Grid(rational(10n, 3n));

  test('rounds to the nearest point, and back to the same double', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        const steps = grid.snap(value);
        const step = grid.valueOf(1n);
        expect(Math.abs(grid.valueOf(steps) - value)).toBeLessThanOrEqual(step / 2);
        expect(grid.snap(grid.valueOf(steps))).toBe(steps);
      }),
    );
  });

  test('two values end up no more steps apart than it says', () => {
    const distance = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), distance, (value, millionths) => {
        const apart = grid.snap(value + millionths / 1e6) - grid.snap(value);
        // The double sum may be off by a rounding of the sum, far below a step.
        expect(apart).toBeLessThanOrEqual(grid.stepsWithin(rational(BigInt(millionths), 1_000_000n)));
      }),
    );
  });

  test('has steps that are a power of two, a millionth of the noise', () => {
    const step = grid.valueOf(1n);
    expect(Number.isInteger(Math.log2(step))).toBe(true);
    expect(step * 2 ** 20).toBeLessThanOrEqual(10 / 3);
    expect(step * 2 ** 22).toBeGreaterThan(10 / 3);
  });
});

describe('budgets', () => {
  const privacy = new DifferentialPrivacy({ sensitivity: '1', epsilon: '0.5' });

  test('of epsilon and filters of epsilon are charged the declared epsilon', () => {
    for (const budget of [new PrivacyBudget('1'), new PrivacyFilter(pureLimit('1'))]) {
      expect(privacy.release(10n, budget).decision).toBe('granted');
      expect(privacy.releaseReal(10.5, budget).decision).toBe('granted');
      const refused = privacy.release(10n, budget);
      expect(refused.decision).toBe('refused');
      expect(refused).not.toHaveProperty('value');
    }
  });

  test('are charged once for values that belong together, each with noise of its own', () => {
    const budget = new PrivacyBudget('1');
    const integers = privacy.releaseAll(new Array<bigint>(40).fill(0n), budget);
    const reals = privacy.releaseAllReal(new Array<number>(40).fill(0), budget);
    for (const released of [integers, reals]) {
      if (released.decision !== 'granted') throw new Error('refused');
      // All forty alike come up less than once in 10^20 runs.
      expect(new Set<number | bigint>(released.value).size).toBeGreaterThan(1);
      expect(released.value.length).toBe(40);
    }
    expect(privacy.releaseAllReal([1], budget).decision).toBe('refused');
  });

  test('of rho are charged the rho of Gaussian noise, and those of epsilon take none', () => {
    const gaussian = new DifferentialPrivacy({ sensitivity: '1', epsilon: '1', delta: '1e-6', values: 50 });
    const filter = new PrivacyFilter(approximateLimit('1', '1e-6'));
    expect(gaussian.releaseAll([10n, 20n, 30n], filter)).toMatchObject({ decision: 'granted' });
    expect(gaussian.releaseAll([10n], filter).decision).toBe('refused');
    expect(() => gaussian.release(10n, new PrivacyBudget('5'))).toThrow(invalid);
  });
});

test.each([0.1, 1, Number.NaN, '', '0', '-1', 'NaN', '1e400', undefined])(
  '%s is no sensitivity and no epsilon',
  (value) => {
    const nonsense = value as Quantity;
    expect(() => new DifferentialPrivacy({ sensitivity: nonsense, epsilon: '1' })).toThrow(invalid);
    expect(() => new DifferentialPrivacy({ sensitivity: '1', epsilon: nonsense })).toThrow(invalid);
  },
);

test('the printed object shows neither noise nor randomness', () => {
  const privacy = new DifferentialPrivacy({ sensitivity: '1', epsilon: '1' });
  privacy.addNoise(5n);
  expect(Object.keys(privacy).sort()).toEqual(['cost', 'noise']);
  expect(privacy.cost.epsilon).toEqual(parseRational('1'));
});
