import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Measurement, PlanPrivacy } from '../../src/plan/plan.js';
import { windowsPerPeriod } from '../../src/plan/budget-period.js';
import { decodingCoefficients, NoisePool, squareRootCoefficients } from '../../src/privacy/index.js';
import { systemRandom } from '../../src/random.js';
import { publishedSlots } from '../../src/receiver/published-slots.js';
import { publishedTotals } from '../../src/receiver/published-totals.js';
import { decodeTotal, totalWeights, withoutGap } from '../../src/receiver/running-total.js';
import { noiseOf } from '../../src/wire/release-noise.js';
import { planOf } from '../support/plans.js';

const flag: Measurement = { name: 'ok', attribute: 'ok', kind: 'flag', trueOnly: true, epsilon: '1', release: 'total' };
const sum: Measurement = {
  name: 'eur',
  attribute: 'eur',
  kind: 'sum',
  min: '-1',
  max: '9',
  scale: '0.5',
  epsilon: '0.5',
  countEpsilon: '0.5',
  release: 'total',
};
const gaussian: PlanPrivacy = {
  domain: 'shop',
  unit: 'event',
  period: 'day',
  epsilon: '1',
  delta: '0.000001',
  mechanism: 'discrete-gaussian',
  noise: 'both',
};

/** Windows whose numbers are increasing, the first of a period of 48 among them or not. */
const released = fc.uniqueArray(fc.nat(47), { minLength: 1, maxLength: 48 }).map((all) => all.sort((a, b) => a - b));
const coefficients = squareRootCoefficients(48);

/** Exactly what is released without noise: one row of the matrix per released window. */
function mixed(windows: readonly number[], amounts: readonly bigint[]): bigint[] {
  return windows.map((row, index) =>
    windows.slice(0, index + 1).reduce((sum, column, age) => sum + amounts[age]! * coefficients[row - column]!, 0n),
  );
}

describe('decoding', () => {
  test('gives back the sum of all windows, whichever were released', () => {
    fc.assert(
      fc.property(released, fc.infiniteStream(fc.bigInt(-5n, 1_000_000n)), (windows, stream) => {
        const amounts = windows.map(() => stream.next().value as bigint);
        const weights = totalWeights(windows, coefficients.map(Number));
        const releases = mixed(windows, amounts).map((value, index) => ({
          windowStart: 60 * windows[index]!,
          values: [value, -value],
        }));
        const { since, amounts: totals } = decodeTotal(releases, weights);
        const truth = Number(amounts.reduce((sum, amount) => sum + amount, 0n));
        expect(since).toBe(60 * windows[0]!);
        expect(totals[0]).toBeCloseTo(truth, 4);
        expect(totals[1]).toBeCloseTo(-truth, 4);
      }),
    );
  });

  test('weighs the releases of a period without a gap as the power series says', () => {
    for (const length of [1, 2, 5, 48]) {
      const weights = totalWeights(
        Array.from({ length }, (_, window) => window),
        coefficients.map(Number),
      );
      const expected = decodingCoefficients(coefficients).slice(0, length).reverse();
      weights.forEach((weight, index) => {
        expect(weight).toBeCloseTo(expected[index]!, 14);
      });
    }
  });

  test('is the example of docs/PROTOCOL.md', () => {
    const released = [768n, 384n, 1568n, 1136n, 818n, 1197n];
    const weights = (windows: number): number[] =>
      totalWeights(
        Array.from({ length: windows }, (_, window) => window),
        squareRootCoefficients(6).map(Number),
      );
    expect(weights(6).map((weight) => 256 * weight)).toEqual([0.24609375, 0.2734375, 0.3125, 0.375, 0.5, 1]);
    const totals = released.map((_, t) => {
      const releases = released.slice(0, t + 1).map((value, window) => ({ windowStart: window, values: [value] }));
      return decodeTotal(releases, weights(t + 1)).amounts[0]!.toFixed(9);
    });
    expect(totals.map(Number)).toEqual([3, 3, 8, 9, 9, 11]);
  });

  test('has no total once a window was not released', () => {
    const [a, b] = [
      { windowStart: 0, values: [1n] },
      { windowStart: 60, values: undefined },
    ];
    expect(withoutGap([a])).toEqual([a]);
    expect(withoutGap([a, b])).toBeUndefined();
    expect(withoutGap([])).toEqual([]);
  });
});

/** What readers are told about the noise of a total at the end of a period without a gap. */
function atTheEnd(privacy: PlanPrivacy, measurement: Measurement = flag, seconds = 60) {
  const { plan, reports } = planOf(
    [measurement],
    {},
    { privacy, window: { seconds, graceSeconds: 30, lagSeconds: 0 } },
  );
  const windows = windowsPerPeriod(plan);
  const weights = totalWeights(
    Array.from({ length: windows }, (_, window) => window),
    squareRootCoefficients(windows).map(Number),
  );
  const compiled = reports[0]!.measurements[0]!;
  const { varianceFactor } = decodeTotal([], weights);
  const total = { since: 0, amounts: compiled.slots.map(() => 0), varianceFactor };
  const shown = publishedTotals(plan, compiled).map(({ describe: describeTotal }) => describeTotal(total));
  return { plan, compiled, weights, shown };
}

describe('the standard deviation at the end of a day of minutes at epsilon 1', () => {
  test.each([
    ['keyholder', 15.3, 172],
    ['both', 21.7, 243],
  ] as const)('with the noise of %s is %f, against %f for the sum of the windows', (noise, total, naive) => {
    const privacy = { ...gaussian, noise };
    expect(atTheEnd(privacy).shown[0]!.stddev).toBeCloseTo(total, 1);
    const { plan, reports } = planOf([{ ...flag, release: 'windows' }], {}, { privacy });
    const [slot] = publishedSlots(plan, reports[0]!.measurements[0]!);
    expect(Math.round(slot!.noise.stddev * Math.sqrt(1440))).toBe(naive);
  });

  test('of a sum is in its unit, with the noise of its count', () => {
    const [own, count] = atTheEnd(gaussian, sum).shown;
    expect(count!.stddev).toBeCloseTo(Math.SQRT2 * 21.7, 0);
    // 20 steps of 0.5 at most, and -1 for everything counted.
    expect(own!.stddev).toBeCloseTo(count!.stddev * Math.hypot(10, 1), 0);
  });
});

/**
 * The noise that is left after decoding, drawn as both servers draw it. RUNS totals: their mean is off by more than
 * 5.3 of its standard deviations with probability 1.2e-7. Their variance is off by more than 7 % with probability below
 * 1e-7: (RUNS - 1) variance / expected is a chi-square whose standard deviation is sqrt(2 / RUNS) = 1.1 %, 6.4 of them;
 * and 95 % intervals cover all but 5 % of the runs, +- 0.9 %, at 5.3 standard deviations of sqrt(0.05 * 0.95 / RUNS).
 */
test.each([
  ['hour', 150, 'both'],
  ['hour', 3600, 'both'],
  ['hour', 150, 'keyholder'],
] as const)(
  'decoded totals of a %s in windows of %i s carry the noise of %s as described',
  (period, seconds, noise) => {
    const RUNS = 16_000;
    const { plan, compiled, weights, shown } = atTheEnd({ ...gaussian, period, noise }, flag, seconds);
    const [mechanism] = noiseOf(plan, compiled);
    const pool = new NoisePool(systemRandom);
    const servers = noise === 'both' ? 2 : 1;
    const draw = (): bigint => (servers === 2 ? pool.take(mechanism!) + pool.take(mechanism!) : pool.take(mechanism!));
    const { stddev, halfWidth95 } = shown[0]!;
    let [sum, squares, outside] = [0, 0, 0];
    for (let run = 0; run < RUNS; run += 1) {
      const releases = weights.map((_, window) => ({ windowStart: window * seconds, values: [draw()] }));
      const error = decodeTotal(releases, weights).amounts[0]!;
      sum += error;
      squares += error * error;
      if (Math.abs(error) > halfWidth95) outside += 1;
    }
    expect(Math.abs(sum / RUNS)).toBeLessThan((5.3 * stddev) / Math.sqrt(RUNS));
    expect(Math.abs(squares / RUNS / stddev ** 2 - 1)).toBeLessThan(0.07);
    expect(Math.abs(outside / RUNS - 0.05)).toBeLessThan(0.0092);
  },
);
