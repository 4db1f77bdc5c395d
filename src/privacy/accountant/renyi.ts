/**
 * Rényi differential privacy (Mironov, arXiv 1702.07476) over a fixed list of orders, converted by Canonne, Kamath,
 * Steinke (arXiv 2004.00010, proposition 12): epsilon = RDP + ln(1 - 1/a) - (ln delta + ln a)/(a - 1).
 */
import { addRational, approximate, rational, ZERO, type Rational } from '../../math/rational.js';
import { lossAt } from './loss-distribution.js';
import { lossOf } from './mechanism-loss.js';
import { costOfOne, type RecordedRelease } from './recorded-release.js';

const tenths = Array.from({ length: 99 }, (_, index) => 1.1 + index / 10);
const wholes = Array.from({ length: 53 }, (_, index) => 11 + index);
const ORDERS: readonly number[] = [...tenths, ...wholes, 128, 256, 512, 1024];

/** Relative rounding of the sums and logarithms below, generously. */
const MARGIN = 1e-10;

/** Least epsilon over the orders; infinite where delta does not exceed what releases bring themselves. */
export function renyiEpsilon(releases: readonly RecordedRelease[], delta: number): number {
  if (releases.length === 0) return 0;
  const curves = releases.map((release) => ({ times: release.times, divergence: curveOf(release) }));
  const left = delta - approximate(releases.map(failuresOf).reduce(addRational, ZERO));
  if (left <= 0) return Infinity;
  const epsilons = ORDERS.map((order) => {
    const total = curves.reduce((sum, { times, divergence }) => sum + times * divergence(order), 0);
    return total * (1 + MARGIN) + Math.log1p(-1 / order) - Math.log(left * order) / (order - 1);
  });
  return Math.max(0, Math.min(...epsilons));
}

/** Delta of all repetitions, by the union bound. */
function failuresOf(release: RecordedRelease): Rational {
  const { numerator, denominator } = costOfOne(release).delta;
  return rational(numerator * BigInt(release.times), denominator);
}

/** Rényi divergence of one release by order. */
function curveOf(release: RecordedRelease): (order: number) => number {
  const rho = approximate(costOfOne(release).rho);
  if (release.kind === 'concentrated') return (order) => order * rho;
  if (release.kind === 'noised' && release.mechanism.kind === 'discrete-gaussian') return (order) => order * rho;
  // What fails with probability delta is accounted for apart.
  const pure = release.kind === 'approximate' ? { ...release, delta: ZERO } : release;
  const { masses, ...lattice } = lossOf({ ...pure, times: 1 });
  const losses = masses.map((_, index) => lossAt(lattice, index));
  return (order) => Math.min(order * rho, divergenceOf(masses, losses, order));
}

/** ln E[exp((a - 1) loss)] / (a - 1), the largest loss taken out so that nothing overflows. */
function divergenceOf(masses: Float64Array, losses: Float64Array, order: number): number {
  const largest = losses.at(-1) ?? 0;
  let sum = 0;
  for (let index = 0; index < masses.length; index += 1) {
    sum += (masses[index] ?? 0) * Math.exp((order - 1) * ((losses[index] ?? 0) - largest));
  }
  return largest + Math.log(sum) / (order - 1);
}
