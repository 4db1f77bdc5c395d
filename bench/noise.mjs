// @ts-check
/** Exact noise: draws a second, at small and large scales. */
import { parseRational } from '../dist/src/math/rational.js';
import { coinsFrom, sampleDiscreteLaplace, SecureBits } from '../dist/src/privacy/index.js';
import { systemRandom } from '../dist/src/random.js';
import { medianMillis } from './harness.mjs';

/** @returns {import('./harness.mjs').Result[]} */
export function noise() {
  const coins = coinsFrom(new SecureBits(systemRandom));
  return ['1', '10', '1000000'].map((text) => {
    const scale = parseRational(text);
    const millis = medianMillis({ calls: 20_000, run: () => sampleDiscreteLaplace(coins, scale) });
    const name = text === '10' ? 'noise.draw' : `noise.draw.scale${text}`;
    return { name, median: 1000 / millis, unit: 'draws/s', bits: 0 };
  });
}
