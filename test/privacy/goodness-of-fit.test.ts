/**
 * The samplers as released code draws: real randomness, many draws, small scales (where errors show).
 * Each comparison alarms falsely with probability 1e-6 and is repeated once, so 1e-12.
 */
import { describe, expect, test } from 'vitest';
import { parseRational } from '../../src/math/rational.js';
import { coinsFrom, sampleDiscreteGaussian, sampleDiscreteLaplace, SecureBits } from '../../src/privacy/index.js';
import { systemRandom } from '../../src/random.js';
import { discreteGaussianProbability } from '../support/discrete-gaussian-law.js';
import { discreteLaplaceProbability } from '../support/discrete-laplace-law.js';
import { criticalValue, fits } from '../support/goodness-of-fit.js';

const coins = coinsFrom(new SecureBits(systemRandom));

test('critical values against a published table', () => {
  // Chi-square, upper tail 1e-6: -2 ln(1e-6) for two degrees of freedom.
  expect(criticalValue(2)).toBeCloseTo(27.631021, 5);
  expect(criticalValue(4)).toBeCloseTo(33.376842, 4);
});

describe.each([
  { scale: '0.5', bound: 3, draws: 500_000 },
  { scale: '1', bound: 6, draws: 500_000 },
  { scale: '10', bound: 40, draws: 300_000 },
])('discrete Laplace of scale $scale', ({ scale, bound, draws }) => {
  test('fits its law', () => {
    const law = discreteLaplaceProbability(Number(scale));
    expect(fits(() => sampleDiscreteLaplace(coins, parseRational(scale)), law, { bound, draws })).toBe(true);
  }, 60_000);
});

describe.each([
  { variance: '0.5', bound: 2, draws: 300_000 },
  { variance: '1', bound: 3, draws: 500_000 },
  { variance: '20.5', bound: 15, draws: 300_000 },
  { variance: '493', bound: 70, draws: 200_000 },
])('discrete Gaussian of variance $variance', ({ variance, bound, draws }) => {
  test('fits its law', () => {
    const law = discreteGaussianProbability(Number(variance));
    expect(fits(() => sampleDiscreteGaussian(coins, parseRational(variance)), law, { bound, draws })).toBe(true);
  }, 60_000);
});
