/**
 * Arithmetic modulo N and N^2 for one N = 1 mod 2^51, see products.ts for what the numbers mean. Elements are
 * addresses in the imported memory, 16-byte aligned; a result may overwrite an argument.
 */
import { writeStart } from './columns';
import { writeConstants } from './fma';
import { setSize } from './layout';

export { readBorder, readModulus, writeBorder } from './bytes';
export { isFused } from './fma';
export { ARENA, BORDER, MAX_VECTORS, wipe } from './layout';
export { multiplyPairByUnit, multiplyPairs, multiplyUnits, multiplyUnitsToPair, squarePair } from './products';
export { addToSum, doubleSum, startSum, sumToUnit } from './sums';

/** First call, with at most MAX_VECTORS. The host then writes N to the border and calls `readModulus`. */
export function setUp(vectors: i32): void {
  setSize(vectors);
  writeConstants();
  writeStart();
}
