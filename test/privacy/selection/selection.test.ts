import { describe, expect, test } from 'vitest';
import {
  addRational,
  approximate,
  compareRational,
  multiplyRational,
  parseRational,
  rational,
} from '../../../src/math/rational.js';
import {
  discreteGaussian,
  OptimalSelection,
  scaleFor,
  SecureBits,
  selectionThreshold,
} from '../../../src/privacy/index.js';
import { systemRandom } from '../../../src/random.js';
import { discreteGaussianProbability } from '../../support/discrete-gaussian-law.js';
import { discreteLaplaceProbability, sumOfTwoProbability } from '../../support/discrete-laplace-law.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;
const one = parseRational('1');

/** P[noise >= least] by brute force. */
function tailFrom(law: (value: number) => number, least: number): number {
  let sum = 0;
  for (let x = least + 400; x >= least; x -= 1) sum += law(x);
  return sum;
}

describe('the threshold', () => {
  test.each([
    ['1', 1, 1, 15n],
    ['1', 1, 2, 17n],
    ['0.1', 1, 1, 133n],
    ['0.1', 1, 2, 155n],
    ['1', 4, 1, 60n],
    ['1', 4, 2, 69n],
  ] as const)('at epsilon %s, %i labels and %i noises is the published one', (epsilon, labels, servers, threshold) => {
    const noise = scaleFor(BigInt(labels), parseRational(epsilon));
    expect(selectionThreshold({ noise, servers, delta: '1e-6', labels })).toBe(threshold);
  });

  test.each([
    ['one Laplace', one, 1, discreteLaplaceProbability(1)],
    ['two Laplace', one, 2, sumOfTwoProbability(1)],
    ['one Gaussian', discreteGaussian('20'), 1, discreteGaussianProbability(20)],
  ] as const)('is the least at which a single unit is hidden by %s', (_name, noise, servers, law) => {
    const threshold = Number(selectionThreshold({ noise, servers, delta: '1e-6' }));
    expect(tailFrom(law, threshold - 1)).toBeLessThanOrEqual(1e-6);
    expect(tailFrom(law, threshold - 2)).toBeGreaterThan(1e-6);
  });

  test('rises with what one unit can add to a count', () => {
    expect(selectionThreshold({ noise: one, servers: 1, delta: '1e-6', bound: 5n })).toBe(19n);
  });

  test('nonsense is refused', () => {
    expect(() => selectionThreshold({ noise: one, servers: 1, delta: '0' })).toThrow(invalid);
    expect(() => selectionThreshold({ noise: one, servers: 1, delta: '1e-6', labels: 0 })).toThrow(invalid);
    expect(() => selectionThreshold({ noise: one, servers: 1, delta: '1e-6', bound: 0n })).toThrow(invalid);
  });
});

describe('optimal selection', () => {
  const selection = new OptimalSelection({ epsilon: '1', delta: '1e-6' });

  test('at (1, 1e-6) shows one unit once in a million, and 28 always', () => {
    expect(approximate(selection.probability(1))).toBeCloseTo(1e-6, 15);
    expect(selection.certainFrom).toBe(28);
    expect(selection.probability(28)).toEqual(one);
    expect(compareRational(selection.probability(27), one)).toBeLessThan(0);
    expect(selection.probability(1_000_000)).toEqual(one);
    expect(approximate(selection.probability(0))).toBe(0);
  });

  test.each([
    ['1', '1e-6', 1],
    ['0.1', '1e-9', 1],
    ['10', '1e-12', 1],
    ['2', '1e-5', 4],
  ] as const)(
    'neighbouring probabilities at (%s, %s) for %i labels satisfy the definition',
    (epsilon, delta, labels) => {
      const rule = new OptimalSelection({ epsilon, delta, labels });
      const chance = rational(parseRational(delta).numerator, parseRational(delta).denominator * BigInt(labels));
      // e^epsilon from below, by its series: whoever satisfies this satisfies the definition.
      const growth = expFromBelow(
        parseRational(epsilon).numerator,
        parseRational(epsilon).denominator * BigInt(labels),
      );
      for (let n = 0; n <= rule.certainFrom; n += 1) {
        const [p, q] = [rule.probability(n), rule.probability(n + 1)];
        expect(compareRational(q, addRational(multiplyRational(growth, p), chance))).toBeLessThanOrEqual(0);
        const [absent, absentNext] = [complement(p), complement(q)];
        expect(compareRational(absent, addRational(multiplyRational(growth, absentNext), chance))).toBeLessThanOrEqual(
          0,
        );
        expect(compareRational(p, q)).toBeLessThanOrEqual(0);
      }
    },
  );

  test('loses next to nothing by rounding', () => {
    let expected = 0;
    for (let n = 1; n <= 28; n += 1) {
      expected = Math.min(Math.E * expected + 1e-6, 1 - (1 - expected - 1e-6) / Math.E, 1);
      expect(approximate(selection.probability(n))).toBeCloseTo(expected, 13);
    }
  });

  test('decides with its probability', () => {
    const source = new SecureBits(systemRandom);
    const units = 14;
    const [runs, probability] = [20_000, approximate(selection.probability(units))];
    let shown = 0;
    for (let run = 0; run < runs; run += 1) if (selection.select(source, units)) shown += 1;
    const deviation = Math.sqrt(probability * (1 - probability) * runs);
    expect(Math.abs(shown - runs * probability)).toBeLessThan(5.5 * deviation);
    expect(selection.select(source, 28)).toBe(true);
    expect(selection.select(source, 0)).toBe(false);
  });

  test('nonsense is refused', () => {
    expect(() => new OptimalSelection({ epsilon: '11', delta: '1e-6' })).toThrow(invalid);
    expect(() => new OptimalSelection({ epsilon: '0.0001', delta: '1e-6' })).toThrow(invalid);
    expect(() => new OptimalSelection({ epsilon: '1', delta: '1e-13' })).toThrow(invalid);
    expect(() => new OptimalSelection({ epsilon: '1', delta: '1e-6', labels: 0.5 })).toThrow(invalid);
    expect(() => selection.probability(-1)).toThrow(invalid);
    expect(() => selection.probability(0.5)).toThrow(invalid);
  });
});

function complement({ numerator, denominator }: { numerator: bigint; denominator: bigint }) {
  return rational(denominator - numerator, denominator);
}

function expFromBelow(numerator: bigint, denominator: bigint) {
  const unit = 1n << 400n;
  let [term, sum] = [unit, 0n];
  for (let k = 1n; term > 0n; k += 1n) {
    sum += term;
    term = (term * numerator) / (denominator * k);
  }
  return rational(sum, unit);
}
