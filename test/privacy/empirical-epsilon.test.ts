/**
 * What an observer of many releases learns: the privacy loss between the counts 0 and 1, bounded from below by
 * experiment. The event is chosen on runs of its own; both bounds are exact and hold together but for a chance
 * of 1e-6. Losses in rare events are beyond such an experiment: exact-samplers.test.ts covers those.
 */
import { describe, expect, test } from 'vitest';
import { parseRational, type Rational } from '../../src/math/rational.js';
import {
  coinsFrom,
  discreteGaussian,
  noisedRelease,
  PrivacyAccountant,
  sampleDiscreteGaussian,
  sampleDiscreteLaplace,
  scaleFor,
  SecureBits,
} from '../../src/privacy/index.js';
import { systemRandom } from '../../src/random.js';
import { lowerBound, upperBound } from '../support/clopper-pearson.js';

type Mechanism = (count: bigint) => bigint;
/** What is learned from an event of at least this probability under count 0 and at most that under count 1. */
type Score = (least: number, most: number) => number;

const coins = coinsFrom(new SecureBits(systemRandom));

/** Thresholds tried: beyond them both counts are too rare to bound. */
const THRESHOLDS = Array.from({ length: 17 }, (_, index) => index - 8);
const CHOOSING_RUNS = 100_000;
const ALPHA = 5e-7;

/** How often y <= k for every threshold k. */
function cumulativeHits(mechanism: Mechanism, count: bigint, runs: number): number[] {
  const hits = THRESHOLDS.map(() => 0);
  for (let run = 0; run < runs; run += 1) {
    const y = Number(mechanism(count));
    const first = Math.max(0, y - THRESHOLDS[0]!);
    if (first < hits.length) hits[first] = (hits[first] ?? 0) + 1;
  }
  let sum = 0;
  return hits.map((each) => (sum += each));
}

/** For every threshold, the least that is learned from y <= k. */
function scores(mechanism: Mechanism, runs: number, score: Score): number[] {
  const [zero, one] = [0n, 1n].map((count) => cumulativeHits(mechanism, count, runs)) as [number[], number[]];
  return zero.map((hits, index) => score(lowerBound(hits, runs, ALPHA), upperBound(one[index] ?? 0, runs, ALPHA)));
}

function measured(mechanism: Mechanism, runs: number, score: Score): number {
  const chosen = scores(mechanism, CHOOSING_RUNS, score);
  const event = chosen.indexOf(Math.max(...chosen));
  return scores(mechanism, runs, score)[event] ?? -Infinity;
}

const noiseless: Mechanism = (count) => count;

describe('the bounds of a proportion', () => {
  test('agree with published values and closed forms', () => {
    // Five of twenty, 95 %: 0.0866 to 0.4910.
    expect(lowerBound(5, 20, 0.025)).toBeCloseTo(0.08657, 5);
    expect(upperBound(5, 20, 0.025)).toBeCloseTo(0.49105, 5);
    expect(upperBound(0, 1_000_000, 1e-6)).toBeCloseTo(-Math.expm1(Math.log(1e-6) / 1e6), 12);
    expect(lowerBound(1_000_000, 1_000_000, 1e-6)).toBeCloseTo(Math.exp(Math.log(1e-6) / 1e6), 12);
    expect(lowerBound(0, 10, 0.1)).toBe(0);
  });

  test('are near the normal approximation for many runs', () => {
    const [share, runs, z] = [0.731, 1_000_000, 4.8916];
    const deviation = z * Math.sqrt((share * (1 - share)) / runs);
    expect(lowerBound(share * runs, runs, 5e-7)).toBeCloseTo(share - deviation, 4);
    expect(upperBound(share * runs, runs, 5e-7)).toBeCloseTo(share + deviation, 4);
  });
});

describe('the measured epsilon of Laplace noise', () => {
  const EPSILON = 1;
  const scale = scaleFor(1n, parseRational('1'));
  const epsilon: Score = (least, most) => Math.log(least / most);
  const noisy =
    (noiseScale: Rational): Mechanism =>
    (count) =>
      count + sampleDiscreteLaplace(coins, noiseScale);

  /** The sampler with its sign rejection left out. */
  const zeroTwice: Mechanism = (count) => {
    let magnitude = 0n;
    while (coins.bernoulliExp(1n, 1n)) magnitude += 1n;
    return coins.uniform(2n) === 1n ? count - magnitude : count + magnitude;
  };

  test('is at most the declared one, and near it: the experiment can see', () => {
    const seen = measured(noisy(scale), 1_000_000, epsilon);
    expect(seen).toBeLessThanOrEqual(EPSILON);
    expect(seen).toBeGreaterThanOrEqual(0.96 * EPSILON);
  }, 120_000);

  test.each<[string, Mechanism]>([
    ['half the scale', noisy(parseRational('0.5'))],
    ['the sign rejection left out', zeroTwice],
    ['the noise left out', noiseless],
  ])(
    'with %s exceeds it',
    (_name, mechanism) => {
      expect(measured(mechanism, 100_000, epsilon)).toBeGreaterThan(EPSILON);
    },
    120_000,
  );
});

describe('the measured delta of Gaussian noise at epsilon 1/2', () => {
  const variance = parseRational('1');
  const declared = new PrivacyAccountant([noisedRelease(discreteGaussian('1'), 1n)]).deltaAt('0.5');
  const delta: Score = (least, most) => least - Math.exp(0.5) * most;
  const noisy =
    (noiseVariance: Rational): Mechanism =>
    (count) =>
      count + sampleDiscreteGaussian(coins, noiseVariance);

  test('is at most what the accountant says, and near it', () => {
    const seen = measured(noisy(variance), 500_000, delta);
    expect(seen).toBeLessThanOrEqual(declared);
    // Bounds lie 4.9 deviations off, 0.0007 times 1 + exp(1/2); the rest is 5.9 deviations of chance.
    expect(seen).toBeGreaterThanOrEqual(declared - 0.02);
    expect(declared).toBeGreaterThan(0.1);
  }, 120_000);

  test.each<[string, Mechanism]>([
    ['half the variance', noisy(parseRational('0.5'))],
    ['a fifth of the variance missing', noisy(parseRational('0.8'))],
    ['the noise left out', noiseless],
  ])(
    'with %s exceeds it',
    (_name, mechanism) => {
      expect(measured(mechanism, 100_000, delta)).toBeGreaterThan(declared);
    },
    120_000,
  );
});
