/**
 * Samplers and releases with one mistake each. The comparisons that the real ones pass, enumeration of every choice
 * and goodness of fit, must see every one of them.
 */
import { describe, expect, test } from 'vitest';
import { addRational, multiplyRational, parseRational, rational, type Rational } from '../../src/math/rational.js';
import {
  coinsFrom,
  NoisePool,
  sampleDiscreteGaussian,
  sampleDiscreteLaplace,
  SecureBits,
  type Coins,
} from '../../src/privacy/index.js';
import { systemRandom } from '../../src/random.js';
import { discreteGaussianProbability } from '../support/discrete-gaussian-law.js';
import { discreteLaplaceProbability, sumOfTwoProbability } from '../support/discrete-laplace-law.js';
import { deviates } from '../support/enumerated-coins.js';
import { fits } from '../support/goodness-of-fit.js';

type Sampler = (coins: Coins) => bigint;

const one = parseRational('1');
const times = (value: Rational, factor: string): Rational => multiplyRational(value, parseRational(factor));
const coins = coinsFrom(new SecureBits(systemRandom));

function geometric(source: Coins, n: bigint): bigint {
  let remainder = source.uniform(n);
  while (!source.bernoulliExp(remainder, n)) remainder = source.uniform(n);
  let quotient = 0n;
  while (source.bernoulliExp(1n, 1n)) quotient += 1n;
  return remainder + n * quotient;
}

const magnitudeOf = (value: bigint): bigint => (value < 0n ? -value : value);

describe.each(['0.5', '1', '2.5'])('discrete Laplace of scale %s: enumeration sees', (text) => {
  const scale = parseRational(text);
  const law = discreteLaplaceProbability(Number(text));

  const mutants: Record<string, Sampler> = {
    'half the scale': (source) => sampleDiscreteLaplace(source, times(scale, '0.5')),
    'a scale off by 1 %': (source) => sampleDiscreteLaplace(source, times(scale, '1.01')),
    'a zero with two signs': (source) => {
      const magnitude = geometric(source, scale.numerator) / scale.denominator;
      return source.uniform(2n) === 1n ? -magnitude : magnitude;
    },
    'no sign': (source) => magnitudeOf(sampleDiscreteLaplace(source, scale)),
    'positive values one too small': (source) => {
      const value = sampleDiscreteLaplace(source, scale);
      return value > 0n ? value - 1n : value;
    },
    'no noise': () => 0n,
  };

  test.each(Object.entries(mutants))('%s', (_name, mutant) => {
    expect(deviates(mutant, law)).toBe(true);
  });
});

describe.each(['0.5', '1', '2.5'])('discrete Gaussian of variance %s: enumeration sees', (text) => {
  const variance = parseRational(text);
  const law = discreteGaussianProbability(Number(text));

  /** The sampler with another probability of acceptance. */
  const accepting =
    (accept: (source: Coins, magnitude: bigint) => boolean): Sampler =>
    (source) => {
      for (;;) {
        const candidate = sampleDiscreteLaplace(source, rational(text === '0.5' ? 1n : 2n, 1n));
        if (accept(source, magnitudeOf(candidate))) return candidate;
      }
    };

  const mutants: Record<string, Sampler> = {
    'half the variance': (source) => sampleDiscreteGaussian(source, times(variance, '0.5')),
    'a variance off by 1 %': (source) => sampleDiscreteGaussian(source, times(variance, '1.01')),
    'the square of the variance': (source) => sampleDiscreteGaussian(source, addRational(times(variance, text), one)),
    'candidates accepted without their distance': accepting((source, magnitude) =>
      source.bernoulliExp(magnitude * magnitude * variance.denominator, 2n * variance.numerator),
    ),
    'all candidates accepted': accepting(() => true),
  };

  test.each(Object.entries(mutants))('%s', (_name, mutant) => {
    expect(deviates(mutant, law)).toBe(true);
  });
});

/** The textbook mistake: inverse transform in floating point, rounded to an integer. */
function roundedLaplace(scale: number): bigint {
  const uniform = (Number(coins.uniform(1n << 52n)) + 0.5) / 2 ** 52 - 0.5;
  return BigInt(Math.round(-scale * Math.sign(uniform) * Math.log(1 - 2 * Math.abs(uniform))));
}

/** The same for a Gaussian, by the method of Box and Muller. */
function roundedGaussian(variance: number): bigint {
  const [radius, angle] = [0, 1].map(() => (Number(coins.uniform(1n << 52n)) + 0.5) / 2 ** 52) as [number, number];
  return BigInt(Math.round(Math.sqrt(-2 * variance * Math.log(radius)) * Math.cos(2 * Math.PI * angle)));
}

describe('goodness of fit sees', () => {
  test.each(['0.5', '1'])('Laplace noise of scale %s rounded from a double', (text) => {
    const law = discreteLaplaceProbability(Number(text));
    expect(fits(() => roundedLaplace(Number(text)), law, { bound: 3, draws: 100_000 })).toBe(false);
  });

  test.each(['0.3', '0.5'])('Gaussian noise of variance %s rounded from a double', (text) => {
    const law = discreteGaussianProbability(Number(text));
    expect(fits(() => roundedGaussian(Number(text)), law, { bound: 2, draws: 200_000 })).toBe(false);
  });

  test.each(['0.5', '1', '10'])('half the scale %s', (text) => {
    const [scale, law] = [times(parseRational(text), '0.5'), discreteLaplaceProbability(Number(text))];
    expect(fits(() => sampleDiscreteLaplace(coins, scale), law, { bound: 3, draws: 20_000 })).toBe(false);
  });
});

/** Two cells released together: what is compared is the noise of each, and the difference, which their sum would hide. */
describe('of two cells released together, goodness of fit', () => {
  type Release = (pool: NoisePool) => readonly [bigint, bigint];

  const separate: Release = (pool) => [pool.take(one), pool.take(one)];
  const reused: Release = (pool) => {
    const noise = pool.take(one);
    return [noise, noise];
  };
  const misplaced: Release = (pool) => [pool.take(one) + pool.take(one), 0n];

  function passes(release: Release): boolean {
    const pool = new NoisePool(systemRandom);
    const options = { bound: 4, draws: 50_000 };
    const [single, sum] = [discreteLaplaceProbability(1), sumOfTwoProbability(1)];
    return (
      fits(() => release(pool)[0], single, options) &&
      fits(() => release(pool)[1], single, options) &&
      fits(
        () => {
          const [first, second] = release(pool);
          return first - second;
        },
        sum,
        options,
      )
    );
  }

  test('accepts a noise of its own for each', () => {
    expect(passes(separate)).toBe(true);
  });

  test.each([
    ['one noise for both', reused],
    ['both noises on one', misplaced],
  ])('sees %s', (_name, mutant) => {
    expect(passes(mutant)).toBe(false);
  });
});
