import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { approximate, formatRational, rational } from '../../../src/math/rational.js';
import {
  approximateRelease,
  concentratedRelease,
  discreteGaussian,
  discreteLaplace,
  maxRho,
  noisedRelease,
  PrivacyAccountant,
  type Quantity,
  type RecordedRelease,
} from '../../../src/privacy/index.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;
const exactAt = (release: RecordedRelease, delta = '1e-6'): number | undefined =>
  new PrivacyAccountant([release]).report(delta).exact;

describe('published figures', () => {
  test('1440 releases of epsilon 0.01 at delta 1e-6: 1.66526, basic 14.4', () => {
    const report = new PrivacyAccountant([noisedRelease(discreteLaplace('100'), 1n, 1440)]).report('1e-6');
    expect(report.exact).toBeCloseTo(1.66526, 5);
    expect(report.basic).toBeCloseTo(14.4, 6);
    expect(report.epsilon).toBe(report.exact);
  });

  test('1440 releases of epsilon 0.1: 24.5, basic 144', () => {
    const report = new PrivacyAccountant([noisedRelease(discreteLaplace('10'), 1n, 1440)]).report('1e-6');
    expect(report.exact).toBeCloseTo(24.5, 1);
    expect(report.basic).toBeCloseTo(144, 6);
  });

  test('one Gaussian of sigma 4.2247 at sensitivity 1 is (1, 1e-6), and 4.5309 by rho', () => {
    // On a grid fine enough that integers do not matter.
    const scaled = (sigma: number) => noisedRelease(discreteGaussian(String((sigma * 64) ** 2)), 64n);
    expect(exactAt(scaled(4.2247))).toBeCloseTo(1, 3);
    const report = new PrivacyAccountant([scaled(4.5309)]).report('1e-6');
    expect(report.concentrated).toBeCloseTo(1, 4);
  });

  test('365 Gaussian days of (1, 1e-6) are 29.8 by zCDP', () => {
    const year = new PrivacyAccountant([concentratedRelease(maxRho('1', '1e-6'), 365)]);
    expect(year.epsilonAt('1e-6')).toBeCloseTo(29.8, 1);
    expect(year.report('1e-6').exact).toBeUndefined();
  });

  test('half of a Laplace noise known: epsilon of one draw among the losses of Delta 1 is closed', () => {
    // (e^1 - e^0.5)/(e^1 + 1), the delta of one release of epsilon 1 at 0.5.
    const delta = new PrivacyAccountant([noisedRelease(discreteLaplace('1'), 1n)]).deltaAt('0.5');
    expect(delta).toBeCloseTo((Math.E - Math.exp(0.5)) / (Math.E + 1), 12);
  });
});

const laplace = fc
  .tuple(fc.integer({ min: 4, max: 200 }), fc.bigInt(1n, 3n), fc.integer({ min: 1, max: 40 }))
  .map(([halves, sensitivity, times]) => noisedRelease(discreteLaplace(String(halves / 2)), sensitivity, times));
const gaussian = fc
  .tuple(fc.integer({ min: 5, max: 400 }), fc.bigInt(1n, 3n), fc.integer({ min: 1, max: 20 }))
  .map(([variance, sensitivity, times]) => noisedRelease(discreteGaussian(String(variance)), sensitivity, times));
const selection = fc
  .tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 5 }))
  .map(([tenths, times]) => approximateRelease(String(tenths / 10), '1e-9', times));

describe('laws', () => {
  test('exact is below every other method, and the classical ones are in order', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(laplace, gaussian, selection), { minLength: 1, maxLength: 3 }), (releases) => {
        const report = new PrivacyAccountant(releases).report('1e-6');
        const slack = 1 + 1e-9;
        // Rounded-up losses may cost more than they need.
        if (!report.rounded) {
          expect(report.exact).toBeLessThanOrEqual(report.concentrated * slack);
          expect(report.exact).toBeLessThanOrEqual(report.renyi * slack);
          expect(report.exact).toBeLessThanOrEqual(report.optimal * slack);
          expect(report.exact).toBeLessThanOrEqual(report.advanced * slack);
        }
        expect(report.optimal).toBeLessThanOrEqual(report.basic * slack);
        const { epsilon, basic, advanced, optimal, concentrated, renyi, exact = Infinity } = report;
        expect(epsilon).toBe(Math.min(basic, advanced, optimal, concentrated, renyi, exact));
      }),
      { numRuns: 40 },
    );
  });

  test('the order in which releases are recorded does not matter, nor do repetitions apart', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(laplace, gaussian, selection), { minLength: 2, maxLength: 3 }), (releases) => {
        const [forth, back] = [releases, [...releases].reverse()].map((each) => new PrivacyAccountant(each));
        expect(forth?.report('1e-6')).toEqual(back?.report('1e-6'));
        expect(forth?.cost).toEqual(back?.cost);
      }),
      { numRuns: 15 },
    );
    const release = noisedRelease(discreteLaplace('10'), 1n, 20);
    const apart = new PrivacyAccountant(Array.from({ length: 20 }, () => noisedRelease(discreteLaplace('10'), 1n)));
    expect(apart.report('1e-6')).toEqual(new PrivacyAccountant([release]).report('1e-6'));
  });

  test('grows with the number of releases, and falls with noise and with delta', () => {
    for (const noise of [discreteLaplace, discreteGaussian]) {
      const growing = [1, 2, 3, 10, 50].map((times) => exactAt(noisedRelease(noise('30'), 1n, times)) ?? NaN);
      const falling = ['5', '6', '10', '50', '400'].map((size) => exactAt(noisedRelease(noise(size), 1n, 10)) ?? NaN);
      const laxer = ['1e-12', '1e-9', '1e-6', '1e-3'].map(
        (delta) => exactAt(noisedRelease(noise('30'), 1n, 10), delta) ?? NaN,
      );
      for (const [list, sign] of [
        [growing, 1],
        [falling, -1],
        [laxer, -1],
      ] as const) {
        list.forEach((value, index) => {
          if (index > 0) expect(sign * (value - (list[index - 1] ?? NaN))).toBeGreaterThan(0);
        });
      }
    }
  });

  test('epsilon and delta are inverse to each other', () => {
    fc.assert(
      fc.property(fc.oneof(laplace, gaussian), fc.integer({ min: 2, max: 10 }), (release, power) => {
        const accountant = new PrivacyAccountant([release]);
        const epsilon = accountant.report(`1e-${String(power)}`).exact ?? NaN;
        if (epsilon === 0 || epsilon > 900) return;
        expect(accountant.deltaAt((epsilon * (1 + 1e-9)).toFixed(18))).toBeLessThanOrEqual(10 ** -power * (1 + 1e-6));
      }),
      { numRuns: 30 },
    );
  });

  test('losses that had to be rounded up never come out below those that were not', () => {
    // The same release with all numbers multiplied: nearly the same losses on a lattice too long to keep.
    for (const [small, large] of [
      [noisedRelease(discreteLaplace('1000'), 100n, 5), noisedRelease(discreteLaplace('1000000000'), 100_000_000n, 5)],
      [noisedRelease(discreteGaussian('10000'), 20n, 5), noisedRelease(discreteGaussian('1e16'), 20_000_000n, 5)],
    ] as const) {
      const [exact, rounded] = [small, large].map((release) => new PrivacyAccountant([release]).report('1e-6'));
      expect([exact?.rounded, rounded?.rounded]).toEqual([false, true]);
      expect((rounded?.exact ?? 0) / (exact?.exact ?? 1)).toBeGreaterThan(0.999);
      expect((rounded?.exact ?? 0) / (exact?.exact ?? 1)).toBeLessThan(1.02);
    }
  });
});

describe('groups', () => {
  test('of g units lose what g times the sensitivity loses', () => {
    const household = new PrivacyAccountant([noisedRelease(discreteLaplace('8'), 1n, 8)]).effectiveFor(4);
    expect(household.releases).toEqual([noisedRelease(discreteLaplace('8'), 4n, 8)]);
    expect(formatRational(household.cost.epsilon ?? rational(0n, 1n))).toBe('4');
  });

  test('of what is known by (epsilon, delta) or rho only, by the group theorem', () => {
    const group = new PrivacyAccountant([
      approximateRelease('0.5', '1e-9', 3),
      concentratedRelease('0.01'),
    ]).effectiveFor(4);
    const [selection, counter] = group.releases;
    expect(selection).toMatchObject({ kind: 'approximate', epsilon: rational(2n, 1n), times: 3 });
    const delta = selection?.kind === 'approximate' ? approximate(selection.delta) : NaN;
    expect(delta / (1e-9 * (Math.expm1(2) / Math.expm1(0.5)))).toBeCloseTo(1, 9);
    expect(counter).toMatchObject({ kind: 'concentrated', rho: rational(16n, 100n) });
  });

  test('exact is at most the group theorem', () => {
    const single = new PrivacyAccountant([noisedRelease(discreteGaussian('100'), 1n, 10)]);
    const [epsilon, group] = [single.deltaAt('0.5'), single.effectiveFor(3).deltaAt('1.5')];
    expect(group).toBeLessThanOrEqual(epsilon * (Math.expm1(1.5) / Math.expm1(0.5)));
  });

  test('nonsense is refused, and so is a group with no guarantee left', () => {
    const accountant = new PrivacyAccountant([approximateRelease('1', '1e-6')]);
    for (const members of [0, -1, 1.5, Number.NaN]) expect(() => accountant.effectiveFor(members)).toThrow(invalid);
    expect(() => accountant.effectiveFor(20)).toThrow(invalid);
  });
});

describe('edges', () => {
  test('nothing recorded costs nothing', () => {
    const report = new PrivacyAccountant().report('1e-6');
    expect(report).toEqual({
      epsilon: 0,
      exact: 0,
      rounded: false,
      basic: 0,
      advanced: 0,
      optimal: 0,
      concentrated: 0,
      renyi: 0,
    });
  });

  test('a delta that the releases exceed themselves gives no epsilon', () => {
    const accountant = new PrivacyAccountant([approximateRelease('0.1', '1e-6', 3)]);
    expect(accountant.epsilonAt('2e-6')).toBe(Infinity);
    expect(accountant.epsilonAt('4e-6')).toBeLessThanOrEqual(0.3 * (1 + 1e-9));
  });

  test.each([0, -1, 0.5, Number.NaN, 1e12])('%s is no number of releases', (times) => {
    expect(() => noisedRelease(discreteLaplace('1'), 1n, times)).toThrow(invalid);
    expect(() => approximateRelease('1', '0', times)).toThrow(invalid);
    expect(() => concentratedRelease('1', times)).toThrow(invalid);
  });

  test.each(['0', '1', '-1', 'NaN', 1e-6, undefined])('%s is no delta', (delta) => {
    expect(() => new PrivacyAccountant().report(delta as Quantity)).toThrow(invalid);
  });

  test('a million releases and a thousand pure units are answered', () => {
    const many = new PrivacyAccountant([noisedRelease(discreteLaplace('1000'), 1n, 1_000_000)]);
    expect(many.report('1e-6').exact).toBeLessThan(many.report('1e-6').concentrated);
    const strong = new PrivacyAccountant([approximateRelease('1000', '0')]);
    expect(strong.report('1e-6').exact).toBeLessThanOrEqual(1000 * (1 + 1e-9));
  });
});
