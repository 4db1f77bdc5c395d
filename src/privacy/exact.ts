/** Rational arithmetic beyond math/rational.ts: products, and conversions from and to doubles that say how they round. */
import { bitLength } from '../bytes.js';
import { assertArgument } from '../errors.js';
import { rational, type Rational } from '../math/rational.js';

export function multiplyRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** Smallest integer that is not less. */
export function ceilRational({ numerator, denominator }: Rational): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** The value of a finite, non-negative double, exactly: every double is an integer times a power of two. */
export function exactDouble(value: number): Rational {
  assertArgument(Number.isFinite(value) && value >= 0, 'not a finite non-negative number', 'pass a finite number');
  const { coefficient, exponent } = dyadic(value);
  return exponent >= 0 ? rational(coefficient << BigInt(exponent), 1n) : rational(coefficient, 1n << BigInt(-exponent));
}

/** value = coefficient * 2^exponent, for any finite double. */
export function dyadic(value: number): { readonly coefficient: bigint; readonly exponent: number } {
  let coefficient = value;
  let exponent = 0;
  // Multiplying by two is exact, and 1074 doublings make an integer of the smallest double.
  while (!Number.isInteger(coefficient)) {
    coefficient *= 2;
    exponent -= 1;
  }
  return { coefficient: BigInt(coefficient), exponent };
}

/** Within one part in 2^52, whatever the size, in lowest terms or not: for reports, and searches that keep a margin. */
export function toDouble({ numerator, denominator }: Rational): number {
  if (numerator === 0n) return 0;
  const shift = bitLength(denominator) - bitLength(numerator) + 60;
  const quotient =
    shift >= 0 ? (numerator << BigInt(shift)) / denominator : numerator / (denominator << BigInt(-shift));
  // In two steps, because 2^-shift alone may be outside the range of doubles.
  const half = Math.trunc(shift / 2);
  return Number(quotient) * 2 ** -half * 2 ** (half - shift);
}

/** The same for any sign; the denominator is positive. */
export function toSignedDouble(numerator: bigint, denominator: bigint): number {
  return numerator < 0n ? -toDouble({ numerator: -numerator, denominator }) : toDouble({ numerator, denominator });
}

/** The decimal of `digits` significant digits next below a positive double. */
export function roundedDown(value: number, digits = 12): Rational {
  const { numerator, denominator, power } = inDigits(value, digits);
  return scaled(numerator / denominator, -power);
}

/** The decimal of `digits` significant digits next above a positive double. */
export function roundedUp(value: number, digits = 12): Rational {
  const { numerator, denominator, power } = inDigits(value, digits);
  return scaled((numerator + denominator - 1n) / denominator, -power);
}

/** value * 10^power as a fraction, with `digits` digits before the point. */
function inDigits(value: number, digits: number): { numerator: bigint; denominator: bigint; power: number } {
  const power = digits - 1 - Math.floor(Math.log10(value));
  const exact = exactDouble(value);
  const factor = 10n ** BigInt(Math.abs(power));
  return power >= 0
    ? { numerator: exact.numerator * factor, denominator: exact.denominator, power }
    : { numerator: exact.numerator, denominator: exact.denominator * factor, power };
}

function scaled(digits: bigint, power: number): Rational {
  return power >= 0 ? rational(digits * 10n ** BigInt(power), 1n) : rational(digits, 10n ** BigInt(-power));
}
