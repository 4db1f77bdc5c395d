/**
 * Amounts of a budget as answers carry them. Sums of rho have a denominator of their own for every noise in them; what
 * would be longer than the wire takes is rounded to twelve digits, towards more spent and less left. It is for
 * readers: decisions and the ledger keep the exact fraction.
 */
import { roundedDown, roundedUp } from '../math/doubles.js';
import { approximate, formatRational, type Rational } from '../math/rational.js';
import { MAX_FRACTION_DIGITS } from '../wire/release.js';

/** Exact where it is short enough, else the next greater fraction of twelve digits. */
export function textOfSpent(amount: Rational): string {
  return isShort(amount) ? formatRational(amount) : formatRational(roundedUp(approximate(amount)));
}

/** Exact where it is short enough, else the next smaller fraction of twelve digits. */
export function textOfLeft(amount: Rational): string {
  return isShort(amount) ? formatRational(amount) : formatRational(roundedDown(approximate(amount)));
}

function isShort({ numerator, denominator }: Rational): boolean {
  return String(numerator).length <= MAX_FRACTION_DIGITS && String(denominator).length <= MAX_FRACTION_DIGITS;
}
