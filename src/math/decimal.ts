/**
 * Exact decimals of any sign: bounds and scales of sums, and measured numbers as their shortest decimal
 * form says them (0.1 is one tenth here, whatever its double is).
 */
import { assertArgument } from '../errors.js';
import { floorDivide } from './modular.js';

/** coefficient * 10^-places, places >= 0. */
export interface Decimal {
  readonly coefficient: bigint;
  readonly places: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i;

/** Parses "12", "-0.5", "1e-7"; throws `invalid_argument` on any other form. */
export function parseDecimal(text: string): Decimal {
  const match = DECIMAL.exec(text);
  assertArgument(match !== null, 'not a decimal number', 'write digits with at most one point, for example "-0.25"');
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const places = fraction.length - Number(exponent);
  const magnitude = places < 0 ? digits * 10n ** BigInt(-places) : digits;
  return { coefficient: sign === '-' ? -magnitude : magnitude, places: Math.max(0, places) };
}

/** (value - origin) / unit rounded to the nearest integer, halves up; unit is positive. */
export function stepsBetween(origin: Decimal, value: Decimal, unit: Decimal): bigint {
  const places = Math.max(origin.places, value.places, unit.places);
  const [from, to, step] = [origin, value, unit].map((decimal) => rescale(decimal, places)) as [bigint, bigint, bigint];
  return floorDivide(2n * (to - from) + step, 2n * step);
}

/** Whether (value - origin) is a whole number of units. */
export function isWholeSteps(origin: Decimal, value: Decimal, unit: Decimal): boolean {
  const places = Math.max(origin.places, value.places, unit.places);
  const step = rescale(unit, places);
  return step !== 0n && (rescale(value, places) - rescale(origin, places)) % step === 0n;
}

/** The nearest double: for display only. */
export function decimalToNumber({ coefficient, places }: Decimal): number {
  return Number(`${String(coefficient)}e-${String(places)}`);
}

function rescale({ coefficient, places }: Decimal, to: number): bigint {
  return coefficient * 10n ** BigInt(to - places);
}
