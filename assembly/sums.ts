/**
 * Sums of units as integers, for the omegas of split form: limbs are 64-bit integers here, so a few thousand
 * units may be added before the next `doubleSum` or `sumToUnit`, which carry once. The last limb takes all that
 * is above it: below 2^12 N.
 */
import { Fma } from './fma';
import { HALF_LIMB, LIMB_BITS, LIMB_MASK, unitBytes } from './layout';

/** sum = unit. */
export function startSum(sum: usize, unit: usize): void {
  const size = unitBytes;
  for (let k: usize = 0; k < size; k += 16) v128.store(sum + k, Fma.toIntegers(v128.load(unit + k)));
}

/** sum = sum + unit. */
export function addToSum(sum: usize, unit: usize): void {
  const size = unitBytes;
  for (let k: usize = 0; k < size; k += 16) {
    v128.store(sum + k, i64x2.add(v128.load(sum + k), Fma.toIntegers(v128.load(unit + k))));
  }
}

/** sum = 2 sum. */
export function doubleSum(sum: usize): void {
  carry(sum, 1);
}

/** The sum as a unit. */
export function sumToUnit(to: usize, sum: usize): void {
  carry(sum, 0);
  const size = unitBytes;
  for (let k: usize = 0; k < size; k += 16) v128.store(to + k, Fma.toDoubles(v128.load(sum + k)));
}

/** sum = 2^shift sum, with limbs in [-2^50 - 2^12, 2^50 + 2^12] except the last. */
function carry(sum: usize, shift: i32): void {
  const mask = i64x2.splat(LIMB_MASK);
  const half = i64x2.splat(HALF_LIMB);
  const last = unitBytes - 16;
  let carries = i64x2.splat(0);
  for (let k: usize = 0; k < last; k += 16) {
    const limbs = i64x2.add(i64x2.shl(v128.load(sum + k), shift), half);
    v128.store(sum + k, i64x2.add(i64x2.sub(v128.and(limbs, mask), half), carries));
    carries = i64x2.shr_s(limbs, LIMB_BITS);
  }
  const limbs = i64x2.shl(v128.load(sum + last), shift);
  const middle = i64x2.extract_lane(limbs, 0) + HALF_LIMB;
  i64.store(sum + last, (middle & LIMB_MASK) - HALF_LIMB + i64x2.extract_lane(carries, 0));
  i64.store(sum + last, i64x2.extract_lane(limbs, 1) + i64x2.extract_lane(carries, 1), 8);
  i64.store(sum, i64.load(sum, 8) + (middle >> LIMB_BITS), 8);
}
