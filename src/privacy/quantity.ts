/**
 * The numbers that guarantees are made of: decimal strings or exact rationals, never floats. A double has no
 * exact decimal meaning, and an epsilon of 1e400, NaN or 0 is a mistake that must not become a guarantee.
 */
import { assertArgument } from '../errors.js';
import { compareRational, parseRational, rational, type Rational } from '../math/rational.js';

/** A decimal string such as "0.1" or "1e-6", or an exact rational. */
export type Quantity = Rational | string;

/** A greater epsilon, even of a whole year, protects nobody. */
const MAX_EPSILON = rational(1000n, 1n);
const ONE = rational(1n, 1n);
/** Numerators and denominators beyond this are nobody's parameters, and would make every draw slow. */
const MAX_MAGNITUDE = 1n << 256n;

/** 0 or more. Throws `invalid_argument` for numbers, signs, NaN, malformed and absurdly long decimals. */
export function quantity(value: Quantity, name: string): Rational {
  if (typeof value === 'string') return parseRational(value);
  assertArgument(isRational(value), `${name} is not an exact number`, 'pass a decimal string such as "0.1", no float');
  return rational(value.numerator, value.denominator);
}

/** More than 0, of sensible size and any length: a sum has a denominator of all its parts. Throws `invalid_argument`. */
export function positiveSum(value: Quantity, name: string): Rational {
  const exact = quantity(value, name);
  assertArgument(exact.numerator > 0n, `${name} is not positive`, `declare a positive ${name}`);
  assertArgument(exact.numerator < exact.denominator * MAX_MAGNITUDE, `${name} is too large`, `lower ${name}`);
  return exact;
}

/** More than 0 and of sensible length. Throws `invalid_argument`. */
export function positive(value: Quantity, name: string): Rational {
  const exact = positiveSum(value, name);
  assertArgument(
    exact.numerator < MAX_MAGNITUDE && exact.denominator < MAX_MAGNITUDE,
    `${name} has too many digits`,
    'pass a number that can be written in 70 digits',
  );
  return exact;
}

/** 0 < epsilon <= 1000. Throws `invalid_argument`. */
export function epsilonOf(value: Quantity): Rational {
  const epsilon = positive(value, 'epsilon');
  assertArgument(
    compareRational(epsilon, MAX_EPSILON) <= 0,
    'an epsilon above 1000 protects nobody',
    'declare a smaller epsilon: 1 for a person and a day is usual',
  );
  return epsilon;
}

/** 0 <= delta < 1. Throws `invalid_argument`. */
export function deltaOf(value: Quantity): Rational {
  const delta = quantity(value, 'delta');
  assertArgument(compareRational(delta, ONE) < 0, 'delta is not a small probability', 'declare for example "1e-6"');
  return delta;
}

/** 0 < delta < 1. Throws `invalid_argument`. */
export function positiveDeltaOf(value: Quantity): Rational {
  return deltaOf(positive(value, 'delta'));
}

/** An integer of 1 or more. Throws `invalid_argument`. */
export function positiveInteger(value: bigint, name: string): bigint {
  assertArgument(
    typeof value === 'bigint' && value > 0n && value < MAX_MAGNITUDE,
    `${name} is not a positive integer`,
    `pass ${name} as a bigint of 1 or more`,
  );
  return value;
}

function isRational(value: unknown): value is Rational {
  if (typeof value !== 'object' || value === null) return false;
  const { numerator, denominator } = value as Record<string, unknown>;
  return typeof numerator === 'bigint' && typeof denominator === 'bigint';
}
