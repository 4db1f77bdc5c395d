/**
 * The split form of Z*_{n^2}. Every unit is uniquely w = unit * (1 + omega * n) mod n^2 with
 * unit = w mod n in [1, n) and omega in [0, n), and anyone can convert. Since (1 + n)^x = 1 + x * n,
 * multiplying by (1 + n)^x is an addition to omega, and products need only the half-size units.
 */
import { gcd, mod, modInverse, modInverseMany } from './modular.js';

/** Unique representation of a unit of Z_{n^2}: unit in [1, n), omega in [0, n). */
export interface SplitElement {
  readonly unit: bigint;
  readonly omega: bigint;
}

/** An unreduced product unit * (1 + omega * n): unit anywhere in [0, n^2), omega any integer. */
export interface RawElement {
  readonly unit: bigint;
  readonly omega: bigint;
}

/** The standard representative in [0, n^2). */
export function joinSplit({ unit, omega }: SplitElement, n: bigint): bigint {
  return unit + n * ((unit * omega) % n);
}

/** Splits a standard representative coprime to n; throws `invalid_argument` otherwise. */
export function splitStandard(value: bigint, n: bigint): SplitElement {
  const unit = value % n;
  return { unit, omega: ((value / n) * modInverse(unit, n)) % n };
}

/** Brings many raw products into the unique form with one shared inversion. */
export function normalizeMany(elements: readonly RawElement[], n: bigint): SplitElement[] {
  const quotients = elements.map(({ unit }) => unit / n);
  const units = elements.map(({ unit }, index) => unit - (quotients[index] ?? 0n) * n);
  const inverses = modInverseMany(units, n);
  return elements.map(({ omega }, index) => {
    const carried = (quotients[index] ?? 0n) * (inverses[index] ?? 0n);
    return { unit: units[index] ?? 0n, omega: mod(omega + carried, n) };
  });
}

/** The product of elements in split form, or `undefined` where a factor is not coprime to n. */
export function multiplySplit(elements: readonly SplitElement[], n: bigint): SplitElement | undefined {
  const nSquared = n * n;
  const unit = elements.reduce((product, element) => (product * element.unit) % nSquared, 1n);
  if (gcd(unit % n, n) !== 1n) return undefined;
  const omega = elements.reduce((sum, element) => sum + element.omega, 0n);
  return normalizeMany([{ unit, omega }], n)[0];
}

/** Whether left = right or left = -right mod n^2, for raw products; either may be a non-unit. */
export function equalUpToSign(left: RawElement, right: RawElement, n: bigint): boolean {
  const nSquared = n * n;
  const shift = mod(left.omega - right.omega, n);
  const shifted = (left.unit + n * (((left.unit % n) * shift) % n)) % nSquared;
  const target = right.unit % nSquared;
  return shifted === target || shifted === (nSquared - target) % nSquared;
}
