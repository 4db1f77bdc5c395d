/** The floor of a square root: Newton's iteration on integers (Cohen, GTM 138, algorithm 1.7.1). */
import { bitLength } from '../bytes.js';
import { assertArgument } from '../errors.js';

/** Largest r with r^2 <= value. Throws `invalid_argument` for negative values. */
export function integerSquareRoot(value: bigint): bigint {
  assertArgument(value >= 0n, 'a square root of a negative number', 'pass 0 or more');
  let root = 1n << BigInt(Math.ceil(bitLength(value) / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    // Newton from 1 for the value 0: dividing by 0 is not needed to know the answer.
    if (next === 0n) return 0n;
    root = next;
  }
}
