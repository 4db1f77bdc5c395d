/**
 * Modular arithmetic on BigInt. BigInt operations take time that depends on their operands: nothing here
 * is constant-time, and callers that handle secrets blind them first (see paillier/private-key.ts).
 */
import { assertArgument } from '../errors.js';

/** The representative of `value` in [0, modulus). */
export function mod(value: bigint, modulus: bigint): bigint {
  const remainder = value % modulus;
  return remainder < 0n ? remainder + modulus : remainder;
}

/** The greatest integer that is not above value / divisor, for a positive divisor. */
export function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

/** Greatest common divisor of non-negative integers (Euclid). */
export function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** Least common multiple of positive integers. */
export function lcm(a: bigint, b: bigint): bigint {
  return (a / gcd(a, b)) * b;
}

/** value^-1 mod modulus (extended Euclid). Throws `invalid_argument` if they are not coprime. */
export function modInverse(value: bigint, modulus: bigint): bigint {
  let [remainder, next] = [modulus, mod(value, modulus)];
  let [coefficient, nextCoefficient] = [0n, 1n];
  while (next !== 0n) {
    const quotient = remainder / next;
    [remainder, next] = [next, remainder - quotient * next];
    [coefficient, nextCoefficient] = [nextCoefficient, coefficient - quotient * nextCoefficient];
  }
  assertArgument(remainder === 1n, 'value has no inverse', 'pass a value coprime to the modulus');
  return mod(coefficient, modulus);
}

/**
 * Inverses of many values with one inversion (Montgomery's trick: P. L. Montgomery, Math. Comp. 48, 1987).
 * Throws `invalid_argument` if any is not coprime to the modulus.
 */
export function modInverseMany(values: readonly bigint[], modulus: bigint): bigint[] {
  const prefixes: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    prefixes.push(product);
    product = (product * value) % modulus;
  }
  let inverse = modInverse(product, modulus);
  const inverses = new Array<bigint>(values.length);
  for (let index = values.length - 1; index >= 0; index -= 1) {
    inverses[index] = (inverse * (prefixes[index] ?? 1n)) % modulus;
    inverse = (inverse * (values[index] ?? 1n)) % modulus;
  }
  return inverses;
}

const WINDOW_BITS = 4;

/** base^exponent mod modulus for exponent >= 0, by fixed windows of four bits. Variable time. */
export function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const powers = [1n % modulus];
  const reduced = mod(base, modulus);
  for (let index = 1; index < 1 << WINDOW_BITS; index += 1) {
    powers.push(((powers[index - 1] ?? 1n) * reduced) % modulus);
  }
  let result = 1n % modulus;
  for (const digit of exponent.toString(1 << WINDOW_BITS)) {
    for (let squaring = 0; squaring < WINDOW_BITS; squaring += 1) result = (result * result) % modulus;
    result = (result * (powers[parseInt(digit, 16)] ?? 1n)) % modulus;
  }
  return result;
}
