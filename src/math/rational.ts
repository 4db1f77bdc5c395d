/**
 * Exact non-negative rationals for epsilon, scales and budgets. No floating point anywhere: 0.1 + 0.2
 * equals 0.3 here, and an eleventh 0.1 against 1 is seen to be too much.
 */
import { bitLength } from '../bytes.js';
import { assertArgument, TelemetryKitError } from '../errors.js';
import { gcd } from './modular.js';

/** numerator / denominator in lowest terms, numerator >= 0, denominator > 0. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const ZERO: Rational = { numerator: 0n, denominator: 1n };

/** Digits beyond these are refused: nobody means them, and they would make every later sum slow. */
const MAX_DIGITS = 30;
const DECIMAL = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/;

export function rational(numerator: bigint, denominator: bigint): Rational {
  assertArgument(numerator >= 0n && denominator > 0n, 'rational out of range', 'pass numerator >= 0, denominator > 0');
  const divisor = gcd(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/**
 * Parses a decimal string such as "1", "0.1" or "1e-6" exactly.
 * Throws `invalid_argument` for floats (numbers), signs, NaN, infinities, blanks and absurd lengths.
 */
export function parseRational(text: string): Rational {
  const match = typeof text === 'string' && text.length <= 2 * MAX_DIGITS ? DECIMAL.exec(text) : undefined;
  if (!match) {
    throw new TelemetryKitError('invalid_argument', 'not a non-negative decimal string', {
      fix: 'write the number as a string of digits, for example "0.1" or "1e-6"',
    });
  }
  const [, whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText) - fraction.length;
  assertArgument(
    whole.length + fraction.length <= MAX_DIGITS && Math.abs(exponent) <= MAX_DIGITS,
    'decimal string has too many digits',
    `use at most ${String(MAX_DIGITS)} digits`,
  );
  const digits = BigInt(whole + fraction);
  return exponent >= 0 ? rational(digits * 10n ** BigInt(exponent), 1n) : rational(digits, 10n ** BigInt(-exponent));
}

export function addRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

/** a - b. Throws `invalid_argument` where the result would be negative. */
export function subtractRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator);
}

export function multiplyRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

export function divideRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compareRational(a: Rational, b: Rational): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** "n" or "n/d": exact, for ledgers and hashes. */
export function formatRational(value: Rational): string {
  return value.denominator === 1n ? String(value.numerator) : `${String(value.numerator)}/${String(value.denominator)}`;
}

/** Inverse of `formatRational`; throws `invalid_argument` on any other form. */
export function parseRationalFraction(text: string): Rational {
  const match = /^(\d+)(?:\/([1-9]\d*))?$/.exec(text);
  assertArgument(match !== null, 'not a fraction', 'pass "n" or "n/d"');
  return rational(BigInt(match[1] ?? '0'), BigInt(match[2] ?? '1'));
}

/** Smallest integer that is not less. */
export function ceilRational({ numerator, denominator }: Rational): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/**
 * Within one part in 2^52, whatever the size, in lowest terms or not: for display, and for searches that keep a margin;
 * never for a decision.
 */
export function approximate({ numerator, denominator }: Rational): number {
  if (numerator === 0n) return 0;
  const shift = bitLength(denominator) - bitLength(numerator) + 60;
  const quotient =
    shift >= 0 ? (numerator << BigInt(shift)) / denominator : numerator / (denominator << BigInt(-shift));
  // In two steps, because 2^-shift alone may be outside the range of doubles.
  const half = Math.trunc(shift / 2);
  return Number(quotient) * 2 ** -half * 2 ** (half - shift);
}
