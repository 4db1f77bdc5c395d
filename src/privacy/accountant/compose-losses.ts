/** Composition of privacy losses: convolution on the common lattice, and powers by repeated squaring. */
import { gcd, lcm } from '../../math/modular.js';
import {
  NO_LOSS,
  overDenominator,
  refined,
  coarsened,
  trimmed,
  UNIT_ROUNDOFF,
  type LossDistribution,
} from './loss-distribution.js';

/** A longer lattice, or a convolution of more than some hundredths of a second, is made coarser. */
const MAX_POINTS = 1 << 17;
const MAX_PRODUCTS = 1 << 26;
const COARSE_POINTS = 1 << 13;

/** The loss of both. */
export function composeTwo(a: LossDistribution, b: LossDistribution): LossDistribution {
  const denominator = lcm(a.denominator, b.denominator);
  const [left, right] = onOneLattice(overDenominator(a, denominator), overDenominator(b, denominator));
  const shorter = Math.min(nonZeros(left.masses), nonZeros(right.masses));
  return trimmed({
    first: left.first + right.first,
    step: left.step,
    denominator,
    masses: convolution(left.masses, right.masses),
    infinite: left.infinite + right.infinite - left.infinite * right.infinite,
    relativeError: left.relativeError + right.relativeError + (shorter + 1) * UNIT_ROUNDOFF,
    rounded: left.rounded || right.rounded,
  });
}

/** The loss of `times` independent releases. */
export function composeTimes(distribution: LossDistribution, times: number): LossDistribution {
  let result = NO_LOSS;
  let power = distribution;
  for (let rest = times; ;) {
    if (rest % 2 === 1) result = composeTwo(result, power);
    rest = Math.floor(rest / 2);
    if (rest === 0) return result;
    power = composeTwo(power, power);
  }
}

function onOneLattice(a: LossDistribution, b: LossDistribution): [LossDistribution, LossDistribution] {
  // A single loss lies on every lattice.
  if (a.masses.length === 1) return [{ ...a, step: b.step }, b];
  if (b.masses.length === 1) return [a, { ...b, step: a.step }];
  const step = gcd(a.step, b.step);
  const span = (a.step * BigInt(a.masses.length) + b.step * BigInt(b.masses.length)) / step;
  const products = nonZeros(a.masses) * nonZeros(b.masses);
  if (span <= BigInt(MAX_POINTS) && products <= MAX_PRODUCTS) return [refined(a, step), refined(b, step)];
  const coarse = (step * span) / BigInt(COARSE_POINTS) + 1n;
  return [coarsened(a, coarse), coarsened(b, coarse)];
}

function nonZeros(masses: Float64Array): number {
  return masses.reduce((count, mass) => (mass > 0 ? count + 1 : count), 0);
}

/** Products of zeros, which a refined lattice is full of, are left out. */
function convolution(a: Float64Array, b: Float64Array): Float64Array {
  const [outer, inner] = nonZeros(a) <= nonZeros(b) ? [a, b] : [b, a];
  const result = new Float64Array(a.length + b.length - 1);
  outer.forEach((mass, offset) => {
    if (mass > 0) addScaled(result, inner, mass, offset);
  });
  return result;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number, offset: number): void {
  for (let index = 0; index < source.length; index += 1) {
    target[offset + index] = (target[offset + index] ?? 0) + factor * (source[index] ?? 0);
  }
}
