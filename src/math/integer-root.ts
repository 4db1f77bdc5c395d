/** The floor of a root: Newton's iteration on integers (Cohen, GTM 138, algorithm 1.7.1, for any exponent). */
import { bitLength } from '../bytes.js';
import { assertArgument } from '../errors.js';

/** Largest r with r^exponent <= value, exponent >= 1. Throws `invalid_argument` for negative values. */
export function integerRoot(value: bigint, exponent: number): bigint {
  assertArgument(value >= 0n, 'a root of a negative number', 'pass 0 or more');
  if (value === 0n) return 0n;
  const k = BigInt(exponent);
  let estimate = 1n << BigInt(Math.ceil(bitLength(value) / exponent));
  for (;;) {
    const next = ((k - 1n) * estimate + value / estimate ** (k - 1n)) / k;
    if (next >= estimate) return estimate;
    estimate = next;
  }
}
