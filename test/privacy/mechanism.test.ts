import { describe, expect, test } from 'vitest';
import { formatRational, parseRational, rational, ZERO, type Rational } from '../../src/math/rational.js';
import {
  addCosts,
  approximateCost,
  concentratedCost,
  discreteGaussian,
  discreteLaplace,
  formatMechanism,
  mechanismCost,
  NO_COST,
  pureCost,
  type PrivacyCost,
  type Quantity,
} from '../../src/privacy/index.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;

/** What callers without types may pass. */
const NO_NUMBERS: readonly unknown[] = [
  0.1,
  1,
  Number.NaN,
  Infinity,
  null,
  undefined,
  {},
  [],
  '',
  ' 1',
  'NaN',
  '-1',
  '+1',
  '1e400',
  '0x10',
  '1/3',
  'Infinity',
  '0',
  '0.0',
  ZERO,
  { numerator: 1, denominator: 2 },
  { numerator: 1n, denominator: 0n },
  { numerator: -1n, denominator: 2n },
  { numerator: 1n << 300n, denominator: 1n },
];

describe('parameters', () => {
  test.each(NO_NUMBERS.map((value) => [value]))('%s is no scale, variance, epsilon or rho', (value) => {
    for (const use of [discreteLaplace, discreteGaussian, pureCost, concentratedCost]) {
      expect(() => use(value as Quantity)).toThrow(invalid);
    }
  });

  test('absurd sizes are refused', () => {
    expect(() => discreteLaplace('0.001')).toThrow(invalid);
    expect(() => discreteLaplace(rational(1n << 121n, 1n))).toThrow(invalid);
    expect(() => discreteGaussian('0.001')).toThrow(invalid);
    expect(() => discreteGaussian(rational(1n << 241n, 1n))).toThrow(invalid);
    expect(() => pureCost('1000.1')).toThrow(invalid);
    expect(() => approximateCost('1', '1')).toThrow(invalid);
  });

  test('a rational is brought to lowest terms, a decimal is exact', () => {
    expect(discreteLaplace({ numerator: 20n, denominator: 6n })).toEqual({
      kind: 'discrete-laplace',
      scale: { numerator: 10n, denominator: 3n },
    });
    expect(formatMechanism(discreteGaussian('20.125'))).toBe('discrete-gaussian 161/8');
    expect(formatMechanism(discreteLaplace('10'))).toBe('discrete-laplace 10');
  });
});

describe('costs', () => {
  const written = ({ epsilon, rho, delta }: PrivacyCost): (string | undefined)[] =>
    [epsilon, rho, delta].map((each: Rational | undefined) => each && formatRational(each));

  test('of the two noises', () => {
    expect(written(mechanismCost(discreteLaplace('8'), { l1: 8n, l2Squared: 8n }))).toEqual(['1', '1/16', '0']);
    expect(written(mechanismCost(discreteLaplace('2.5'), { l1: 1n, l2Squared: 1n }))).toEqual(['2/5', '2/25', '0']);
    expect(written(mechanismCost(discreteGaussian('20'), { l1: 3n, l2Squared: 3n }))).toEqual([undefined, '3/40', '0']);
    expect(() => mechanismCost(discreteLaplace('8'), { l1: 0n, l2Squared: 0n })).toThrow(invalid);
    expect(() => mechanismCost(discreteGaussian('8'), { l1: 1n, l2Squared: 0n })).toThrow(invalid);
  });

  test('add up, and one that is not pure makes the sum not pure', () => {
    const pure = [pureCost('0.1'), pureCost('0.2')].reduce(addCosts, NO_COST);
    expect(written(pure)).toEqual(['3/10', '1/40', '0']);
    expect(written(addCosts(pure, approximateCost('1', '1e-6')))).toEqual([undefined, '21/40', '1/1000000']);
    expect(written(addCosts(pure, concentratedCost('0.5')))).toEqual([undefined, '21/40', '0']);
    expect(written(approximateCost('1', '0'))).toEqual(['1', '1/2', '0']);
    expect(pure.epsilon).toEqual(parseRational('0.3'));
  });
});
