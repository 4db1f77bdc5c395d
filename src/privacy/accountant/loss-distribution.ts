/**
 * The distribution of the privacy loss ln(P[y]/Q[y]), y drawn from P, on an exact lattice. The losses of integer
 * noise are rational multiples of one step, so that composition is a convolution on whole indices: nothing about a
 * loss is rounded, unless the lattice would be too long; then a coarser one is taken that can only overstate.
 *
 * Reference: the privacy loss distribution of Sommer, Meiser, Mohammadi (PoPETs 2019) and Koskela, Jälkö, Honkela
 * (AISTATS 2020), with plain convolution in place of FFT: positive doubles keep their relative accuracy.
 */
import { toSignedDouble } from '../../math/doubles.js';
import { floorDivide } from '../../math/modular.js';

export interface LossDistribution {
  /** Losses are (first + index * step) / denominator. */
  readonly first: bigint;
  readonly step: bigint;
  readonly denominator: bigint;
  /** Probability under P of every loss. */
  readonly masses: Float64Array;
  /** Probability of an infinite loss, with everything that was cut off at either end. */
  readonly infinite: number;
  /** No mass is too small by more than this factor. */
  readonly relativeError: number;
  /** Whether losses were moved to a coarser lattice. */
  readonly rounded: boolean;
}

/** Rounding error of one operation on doubles. */
export const UNIT_ROUNDOFF = 2 ** -53;
/** Mass that is cut off at each end after a convolution, and counted as infinite loss. */
const CUT = 2 ** -70;

/** Nothing was released. */
export const NO_LOSS: LossDistribution = {
  first: 0n,
  step: 1n,
  denominator: 1n,
  masses: Float64Array.of(1),
  infinite: 0,
  relativeError: 0,
  rounded: false,
};

/** The loss of an index, in doubles. */
export function lossAt({ first, step, denominator }: Omit<LossDistribution, 'masses'>, index: number): number {
  return toSignedDouble(first + step * BigInt(index), denominator);
}

/** Largest delta at this epsilon: the infinite losses, and E[(1 - exp(epsilon - loss))+]. Never too small. */
export function deltaOfLoss(distribution: LossDistribution, epsilon: number): number {
  const { masses, infinite, relativeError } = distribution;
  const [start, step] = [distribution.first, distribution.step].map((value) =>
    toSignedDouble(value, distribution.denominator),
  ) as [number, number];
  // Losses as doubles are off by a few roundings of the largest one.
  const shift = 8 * UNIT_ROUNDOFF * (Math.abs(start) + step * masses.length);
  let sum = 0;
  for (let index = masses.length - 1; index >= 0; index -= 1) {
    const excess = start + step * index + shift - epsilon;
    if (excess <= 0) break;
    sum -= (masses[index] ?? 0) * Math.expm1(-excess);
  }
  return Math.min(1, infinite + sum * (1 + relativeError + 4 * masses.length * UNIT_ROUNDOFF));
}

/** Least epsilon at this delta; never too small. Infinite where more than delta is lost without bound. */
export function epsilonOfLoss(distribution: LossDistribution, delta: number): number {
  if (distribution.infinite > delta) return Infinity;
  if (deltaOfLoss(distribution, 0) <= delta) return 0;
  let [low, high] = [0, lossAt(distribution, distribution.masses.length)];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high || high - low < 1e-13 * high) return high;
    if (deltaOfLoss(distribution, middle) <= delta) high = middle;
    else low = middle;
  }
}

/** Cuts negligible ends off and counts them as infinite loss. */
export function trimmed(distribution: LossDistribution): LossDistribution {
  const { masses, first, step } = distribution;
  let [start, end, lost] = [0, masses.length, 0];
  for (let cut = masses[start] ?? 1; cut <= CUT && end - start > 1; cut += masses[start] ?? 1) {
    lost += masses[start] ?? 0;
    start += 1;
  }
  for (let cut = masses[end - 1] ?? 1; cut <= CUT && end - start > 1; cut += masses[end - 1] ?? 1) {
    lost += masses[end - 1] ?? 0;
    end -= 1;
  }
  const infinite = distribution.infinite + lost * (1 + distribution.relativeError);
  return { ...distribution, first: first + step * BigInt(start), masses: masses.slice(start, end), infinite };
}

/** The same losses over a multiple of the denominator. */
export function overDenominator(distribution: LossDistribution, denominator: bigint): LossDistribution {
  const factor = denominator / distribution.denominator;
  return { ...distribution, first: distribution.first * factor, step: distribution.step * factor, denominator };
}

/** The same losses on a lattice whose step divides the present one. */
export function refined(distribution: LossDistribution, step: bigint): LossDistribution {
  const factor = Number(distribution.step / step);
  if (factor === 1) return distribution;
  const masses = new Float64Array((distribution.masses.length - 1) * factor + 1);
  distribution.masses.forEach((mass, index) => (masses[index * factor] = mass));
  return { ...distribution, step, masses };
}

/**
 * On the multiples of a coarser step: the mass of a loss is divided between the two multiples around it such that its
 * probabilities under P and under Q both stay what they are. Such a pair never loses less, and little more.
 * Reference: Doroshenko, Ghazi, Kamath, Kumar, Manurangsi, "Connect the Dots" (PoPETs 2022).
 */
export function coarsened(distribution: LossDistribution, step: bigint): LossDistribution {
  const { first, masses, denominator } = distribution;
  const start = floorDivide(first, step);
  const end = floorDivide(first + distribution.step * BigInt(masses.length - 1), step) + 1n;
  const result = new Float64Array(Number(end - start) + 1);
  const width = toSignedDouble(step, denominator);
  masses.forEach((mass, index) => {
    const loss = first + distribution.step * BigInt(index);
    const below = floorDivide(loss, step);
    const distance = toSignedDouble(loss - below * step, denominator);
    const upper = mass * (Math.expm1(-distance) / Math.expm1(-width));
    const target = Number(below - start);
    result[target] = (result[target] ?? 0) + (mass - upper);
    result[target + 1] = (result[target + 1] ?? 0) + upper;
  });
  const relativeError = distribution.relativeError + (masses.length + 8) * UNIT_ROUNDOFF;
  return { ...distribution, first: start * step, step, masses: result, relativeError, rounded: true };
}
