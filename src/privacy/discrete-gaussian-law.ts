/**
 * The law of one discrete Gaussian draw of parameter sigma^2, and of the sum of two.
 *
 * Small sigma: the probabilities are summed, for two draws after a convolution. From sigma^2 = 4 on, the sum of two is
 * a discrete Gaussian of 2 sigma^2 up to a factor within 1e-16 (Kairouz, Liu, Steinke, arXiv 2102.06387, section 4).
 * Large sigma: the sum over integers is an integral with the midpoint rule's first two corrections.
 */
import { normalDensity, normalTail } from './normal-tail.js';
import type { NoiseLaw, NoiseServers } from './noise-law.js';

const SUMMED_BELOW = 64 ** 2;
/** sigma^2 from which the sum of two draws has a law of this kind again, but for about 1e-16. */
export const ADDS_UP_FROM = 4;
/** Standard deviations beyond which doubles hold no probability any more. */
const REACH = 39;

export function discreteGaussianLaw(variance: number, servers: NoiseServers): NoiseLaw {
  if (servers === 2 && variance >= ADDS_UP_FROM) return discreteGaussianLaw(2 * variance, 1);
  if (variance >= SUMMED_BELOW) return { variance, tail: (bound) => largeTail(Math.sqrt(variance), bound) };
  const single = gaussianProbabilities(variance);
  return summedLaw(servers === 1 ? single : sumOfTwo(single));
}

/** P[X = x] for x = 0, 1, 2, ... until doubles hold nothing more. */
export function gaussianProbabilities(variance: number): number[] {
  const reach = Math.ceil(REACH * Math.sqrt(variance)) + 1;
  const weights = Array.from({ length: reach + 1 }, (_, x) => Math.exp((-x * x) / (2 * variance)));
  // From the smallest on, so that nothing is lost.
  const total = 2 * weights.reduceRight((sum, weight) => sum + weight, 0) - 1;
  return weights.map((weight) => weight / total);
}

/** P[X + Y = s] for s = 0, 1, 2, ... from the half of a symmetric law. */
function sumOfTwo(half: readonly number[]): number[] {
  const at = (x: number): number => half[Math.abs(x)] ?? 0;
  return Array.from({ length: 2 * half.length - 1 }, (_, s) => {
    let sum = 0;
    for (let x = 1 - half.length; x < half.length; x += 1) sum += at(x) * at(s - x);
    return sum;
  });
}

function summedLaw(half: readonly number[]): NoiseLaw {
  const tails = new Array<number>(half.length).fill(0);
  let [tail, variance] = [0, 0];
  for (let x = half.length - 1; x > 0; x -= 1) {
    const probability = half[x] ?? 0;
    tail += probability;
    variance += 2 * x * x * probability;
    tails[x - 1] = tail;
  }
  return { variance, tail: (bound) => tails[bound] ?? 0 };
}

/** Sum of f over the integers above `bound`, f the normal density of this sigma. */
function largeTail(sigma: number, bound: number): number {
  const z = (bound + 0.5) / sigma;
  const slope = (z * normalDensity(z)) / sigma ** 2;
  const thirdSlope = ((z ** 3 - 3 * z) * normalDensity(z)) / sigma ** 4;
  return normalTail(z) - slope / 24 + (7 * thirdSlope) / 5760;
}
