/**
 * The samplers as released code draws: real randomness, many draws, small scales (where errors show).
 * Each comparison alarms falsely with probability 1e-6 and is repeated once, so 1e-12.
 */
import { describe, expect, test } from 'vitest';
import { parseRational } from '../../src/math/rational.js';
import { coinsFrom, sampleDiscreteLaplace, SecureBits, type Coins } from '../../src/privacy/index.js';
import { systemRandom } from '../../src/random.js';
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
])('discrete Laplace of scale $scale', ({ scale: text, bound, draws }) => {
  const scale = parseRational(text);
  const law = discreteLaplaceProbability(Number(text));

  test('fits its law', () => {
    expect(fits(() => sampleDiscreteLaplace(coins, scale), law, { bound, draws })).toBe(true);
  }, 60_000);

  test('with half the scale does not', () => {
    const half = parseRational(String(Number(text) / 2));
    expect(fits(() => sampleDiscreteLaplace(coins, half), law, { bound, draws: 20_000 })).toBe(false);
  }, 60_000);

  test('without the rejection of minus zero does not', () => {
    expect(fits(() => withTwoZeros(coins, scale.numerator, scale.denominator), law, { bound, draws: 100_000 })).toBe(
      false,
    );
  }, 60_000);
});

test.each(['0.5', '1'])(
  'Laplace noise of scale %s rounded from a double does not fit',
  (text) => {
    const law = discreteLaplaceProbability(Number(text));
    expect(fits(() => roundedLaplace(Number(text)), law, { bound: 3, draws: 100_000 })).toBe(false);
  },
  60_000,
);

/** The sampler with its sign rejection left out. */
function withTwoZeros(source: Coins, numerator: bigint, denominator: bigint): bigint {
  let remainder = source.uniform(numerator);
  while (!source.bernoulliExp(remainder, numerator)) remainder = source.uniform(numerator);
  let quotient = 0n;
  while (source.bernoulliExp(1n, 1n)) quotient += 1n;
  const magnitude = (remainder + numerator * quotient) / denominator;
  return source.uniform(2n) === 1n ? -magnitude : magnitude;
}

/** The textbook mistake: inverse transform in floating point, rounded to an integer. */
function roundedLaplace(scale: number): bigint {
  const uniform = (Number(coins.uniform(1n << 52n)) + 0.5) / 2 ** 52 - 0.5;
  return BigInt(Math.round(-scale * Math.sign(uniform) * Math.log(1 - 2 * Math.abs(uniform))));
}
