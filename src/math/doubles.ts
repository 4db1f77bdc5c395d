/** Doubles as exact rationals, and the way back: conversions that say how they round. */
import { assertArgument } from '../errors.js';
import { approximate, ceilRational, rational, type Rational } from './rational.js';

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

/** `approximate` for any sign; the denominator is positive. */
export function toSignedDouble(numerator: bigint, denominator: bigint): number {
  return numerator < 0n
    ? -approximate({ numerator: -numerator, denominator })
    : approximate({ numerator, denominator });
}

/** The decimal of `digits` significant digits next below a positive double. */
export function roundedDown(value: number, digits = 12): Rational {
  const { numerator, denominator, power } = inDigits(value, digits);
  return scaled(numerator / denominator, -power);
}

/** The decimal of `digits` significant digits next above a positive double. */
export function roundedUp(value: number, digits = 12): Rational {
  const { numerator, denominator, power } = inDigits(value, digits);
  return scaled(ceilRational({ numerator, denominator }), -power);
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
