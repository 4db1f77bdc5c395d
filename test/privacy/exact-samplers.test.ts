/** The samplers followed through every sequence of their choices: deterministic, no false alarms. */
import { describe, expect, test } from 'vitest';
import { bitLength } from '../../src/bytes.js';
import { parseRational, ZERO } from '../../src/math/rational.js';
import { bernoulli, bernoulliExp } from '../../src/privacy/bernoulli.js';
import { sampleDiscreteGaussian } from '../../src/privacy/discrete-gaussian.js';
import { sampleDiscreteLaplace } from '../../src/privacy/discrete-laplace.js';
import { SecureBits } from '../../src/privacy/secure-bits.js';
import { discreteGaussianProbability } from '../support/discrete-gaussian-law.js';
import { discreteLaplaceProbability } from '../support/discrete-laplace-law.js';
import { enumerate, type Choose, type Enumeration } from '../support/enumerate.js';
import { deviates, enumeratedCoins } from '../support/enumerated-coins.js';

/** A generator whose first bytes are given and whose others are zero. */
function scripted(first: readonly number[]): SecureBits {
  let fresh = true;
  return new SecureBits((length) => {
    const block = new Uint8Array(length);
    if (fresh) block.set(first);
    fresh = false;
    return block;
  });
}

describe('uniform', () => {
  test.each(Array.from({ length: 64 }, (_, index) => index + 1))(
    'bound %i, over all bit strings of two tries',
    (bound) => {
      const width = bitLength(BigInt(bound) - 1n);
      const strings = 2 ** width;
      const counts = new Array<number>(bound).fill(0);
      for (let value = 0; value < strings * strings; value += 1) {
        const drawn = Number(scripted([value >> 8, value & 0xff]).uniform(BigInt(bound)));
        counts[drawn] = (counts[drawn] ?? 0) + 1;
      }
      // Each member: accepted at once for every second string, or after one of the rejected first strings.
      // Twice rejected: the zeros that follow draw 0.
      const rejected = strings - bound;
      const expected = counts.map((_, member) => strings + rejected + (member === 0 ? rejected * rejected : 0));
      expect(counts).toEqual(expected);
    },
  );

  test('reaches the largest value of every bound, and asks for no bit too many', () => {
    const ones = (): SecureBits => new SecureBits((length) => new Uint8Array(length).fill(255));
    for (let width = 0n; width <= 130n; width += 1n) {
      const power = 1n << width;
      // A bit more than needed would be rejected for ever.
      expect(ones().uniform(power)).toBe(power - 1n);
      const reached = Array.from({ length: 144 }, (_, bit) => {
        const first = new Array<number>(18).fill(0);
        first[bit >> 3] = 1 << (bit & 7);
        return scripted(first).uniform(power + 1n);
      });
      expect(reached).toContain(power);
    }
  });

  test('every random bit is handed out once, whatever the widths asked for', () => {
    const widths = [5, 13, 1, 16, 0, 9, 40, 3, 17];
    const total = widths.reduce((sum, width) => sum + width, 0);
    const seen = new Set<string>();
    for (let bit = 0; bit < 8 * Math.ceil(total / 16) * 2; bit += 1) {
      const first = new Array<number>(32).fill(0);
      first[bit >> 3] = 1 << (bit & 7);
      const source = scripted(first);
      const drawn = widths.map((width) => source.bits(width));
      expect(drawn.reduce((ones, value) => ones + value.toString(2).replaceAll('0', '').length, 0)).toBeLessThanOrEqual(
        1,
      );
      seen.add(drawn.join());
    }
    seen.delete(widths.map(() => 0n).join());
    expect(seen.size).toBe(total);
  });

  test('a generator that fails or falls short fails the draw', () => {
    expect(() => new SecureBits(() => new Uint8Array(3)).uniform(8n)).toThrow(
      expect.objectContaining({ code: 'randomness' }),
    );
    expect(() => scripted([]).uniform(0n)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

/** Two-way choice of exact probability numerator / denominator. */
const flipWith =
  (choose: Choose) =>
  (numerator: bigint, denominator: bigint): boolean => {
    const probability = Number(numerator) / Number(denominator);
    return choose([1 - probability, probability]) === 1;
  };

function expectProbability(result: Enumeration<unknown>, outcome: unknown, probability: number): void {
  const mass = result.mass.get(outcome) ?? 0;
  expect(mass).toBeLessThanOrEqual(probability + 1e-13);
  expect(mass + result.open).toBeGreaterThanOrEqual(probability - 1e-13);
}

describe('coins', () => {
  test.each([
    [0n, 1n],
    [1n, 1n],
    [1n, 2n],
    [3n, 7n],
    [63n, 64n],
  ])('bernoulli(%i/%i)', (numerator, denominator) => {
    const uniform = (choose: Choose) => (bound: bigint) =>
      BigInt(choose(new Array<number>(Number(bound)).fill(1 / Number(bound))));
    const result = enumerate((choose) => bernoulli({ uniform: uniform(choose) }, numerator, denominator), 0);
    expectProbability(result, true, Number(numerator) / Number(denominator));
  });

  test.each([
    [0n, 1n],
    [1n, 1n],
    [1n, 2n],
    [1n, 10n],
    [9n, 10n],
    [5n, 2n],
    [4n, 1n],
  ])('bernoulliExp(%i/%i)', (numerator, denominator) => {
    const result = enumerate((choose) => bernoulliExp(flipWith(choose), numerator, denominator), 2 ** -40);
    expect(result.open).toBeLessThanOrEqual(2 ** -40);
    expectProbability(result, true, Math.exp(-Number(numerator) / Number(denominator)));
  });

  test('a probability above one and a negative exponent are refused', () => {
    expect(() => bernoulli(scripted([]), 3n, 2n)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    expect(() => bernoulliExp(() => true, -1n, 2n)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

describe('discrete Laplace', () => {
  test.each(['0.2', '0.5', '1', '1.5', '2', '2.5', '3', '10'])('scale %s is exact', (text) => {
    const scale = parseRational(text);
    const law = discreteLaplaceProbability(Number(text));
    expect(deviates((coins) => sampleDiscreteLaplace(coins, scale), law)).toBe(false);
  });

  test('scale zero is refused', () => {
    const coins = enumeratedCoins(() => 0);
    expect(() => sampleDiscreteLaplace(coins, ZERO)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

describe('discrete Gaussian', () => {
  test.each(['0.1', '0.5', '1', '1.3', '2', '4', '6.25', '20'])('variance %s is exact', (text) => {
    const variance = parseRational(text);
    const law = discreteGaussianProbability(Number(text));
    expect(deviates((coins) => sampleDiscreteGaussian(coins, variance), law)).toBe(false);
  });

  test('variance zero is refused', () => {
    const coins = enumeratedCoins(() => 0);
    expect(() => sampleDiscreteGaussian(coins, ZERO)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});
