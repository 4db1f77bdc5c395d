// @ts-check
/**
 * Exact noise: draws a second, and for both laws at every default scale the mean and the slowest of a thousand draws.
 * Default scales: t = K cells / epsilon of a period, and sigma^2 of K cells at (1, 1e-6); the largest are those of sums.
 */
import { parseRational } from '../dist/src/math/rational.js';
import {
  coinsFrom,
  discreteGaussian,
  discreteLaplace,
  sampleDiscreteLaplace,
  sampleNoise,
  SecureBits,
} from '../dist/src/privacy/index.js';
import { systemRandom } from '../dist/src/random.js';
import { medianMillis } from './harness.mjs';

const DRAWS = 100_000;
const WARM_UP = 20_000;
const LAPLACE_SCALES = ['1', '3', '8', '10', '100', '1000000'];
/** 11, 24, 144, 1440 cells; the last two a day of minutes in one counter, and a sum. */
const GAUSSIAN_VARIANCES = ['225.875', '493', '2957', '29568', '4550656', '1e13'];

/** @returns {import('./harness.mjs').Result[]} */
export function noise() {
  const coins = coinsFrom(new SecureBits(systemRandom));
  const rates = ['1', '10', '1000000'].map((text) => {
    const scale = parseRational(text);
    const millis = medianMillis({ calls: 20_000, run: () => sampleDiscreteLaplace(coins, scale) });
    const name = text === '10' ? 'noise.draw' : `noise.draw.scale${text}`;
    return { name, median: 1000 / millis, unit: 'draws/s', bits: 0 };
  });
  const laplace = LAPLACE_SCALES.flatMap((scale) => times(`laplace.${scale}`, discreteLaplace(scale), coins));
  const gaussian = GAUSSIAN_VARIANCES.flatMap((variance) =>
    times(`gaussian.${variance}`, discreteGaussian(variance), coins),
  );
  return [...rates, ...laplace, ...gaussian];
}

/**
 * @param {string} name
 * @param {import('../dist/src/privacy/index.js').Mechanism} mechanism
 * @param {import('../dist/src/privacy/index.js').Coins} coins
 * @returns {import('./harness.mjs').Result[]}
 */
function times(name, mechanism, coins) {
  for (let draw = 0; draw < WARM_UP; draw += 1) sampleNoise(coins, mechanism);
  const micros = Float64Array.from({ length: DRAWS }, () => {
    const start = performance.now();
    sampleNoise(coins, mechanism);
    return 1000 * (performance.now() - start);
  });
  const mean = micros.reduce((sum, each) => sum + each, 0) / DRAWS;
  const slowest = micros.sort()[Math.floor(0.999 * DRAWS)] ?? Number.NaN;
  return [
    { name: `noise.draw.${name}`, median: mean, unit: 'us, mean', bits: 0 },
    { name: `noise.draw.${name}.p999`, median: slowest, unit: 'us', bits: 0 },
  ];
}
