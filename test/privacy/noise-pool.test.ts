import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseRational } from '../../src/math/rational.js';
import { discreteGaussian, discreteLaplace, NoisePool } from '../../src/privacy/index.js';
import { systemRandom, type RandomBytes } from '../../src/random.js';
import { discreteGaussianProbability } from '../support/discrete-gaussian-law.js';
import { discreteLaplaceProbability } from '../support/discrete-laplace-law.js';
import { fits } from '../support/goodness-of-fit.js';

const one = parseRational('1');
const ten = parseRational('10');

describe('NoisePool', () => {
  test('draws ahead: taking what is held asks for no randomness', () => {
    let working = true;
    const random: RandomBytes = (length) => {
      if (!working) throw new Error('asked for randomness');
      return systemRandom(length);
    };
    const pool = new NoisePool(random);
    pool.prepare(one, 2000);
    working = false;
    for (let i = 0; i < 2000; i += 1) pool.take(one);
    expect(pool.held(one)).toBe(0);
    // Some bits of the last block may be left over; they end soon.
    expect(() => Array.from({ length: 40_000 }, () => pool.take(one))).toThrow('asked for randomness');
  });

  test('keeps scales apart and hands each draw out once', () => {
    const pool = new NoisePool(systemRandom);
    pool.prepare(one, 3);
    pool.prepare(ten, 5);
    pool.prepare(ten, 4);
    expect([pool.held(one), pool.held(ten)]).toEqual([3, 5]);
    pool.take(ten);
    expect([pool.held(one), pool.held(ten)]).toEqual([3, 4]);
  });

  test('what it hands out has the law of its scale', () => {
    const pool = new NoisePool(systemRandom);
    pool.prepare(one, 100_000);
    pool.prepare(ten, 10);
    expect(fits(() => pool.take(one), discreteLaplaceProbability(1), { bound: 6, draws: 100_000 })).toBe(true);
  });

  test('holds Gaussian noise apart from Laplace noise of the same number', () => {
    const pool = new NoisePool(systemRandom);
    const gaussian = discreteGaussian('10');
    pool.prepare(gaussian, 50_000);
    pool.prepare(discreteLaplace('10'), 7);
    expect([pool.held(gaussian), pool.held(ten), pool.held(one)]).toEqual([50_000, 7, 0]);
    expect(fits(() => pool.take(gaussian), discreteGaussianProbability(10), { bound: 9, draws: 50_000 })).toBe(true);
  });

  test('shows no draw when printed', () => {
    const pool = new NoisePool(systemRandom);
    pool.prepare(one, 5);
    expect(inspect(pool, { showHidden: true, depth: 9 })).not.toMatch(/\dn/);
    expect(JSON.stringify(pool)).toBe('{}');
  });
});
