/**
 * Arithmetic modulo n and n^2 for one odd modulus n, see products.ts for what the numbers mean. Elements are
 * addresses in the imported memory, 16-byte aligned; a result may overwrite an argument.
 */
import { writeConstants } from './fma';
import { setSize } from './layout';

export { readBorder, settlePair, writeBorder } from './bytes';
export { isFused } from './fma';
export { ARENA, BORDER, MAX_VECTORS, MODULUS, wipe } from './layout';
export { multiplyPairByUnit, multiplyPairs, multiplyUnits, multiplyUnitsToPair, squarePair } from './products';
export { addToSum, doubleSum, startSum, sumToUnit } from './sums';

/** First call. The host then writes n to MODULUS; `inverse` is n^-1 mod 2^51, `vectors` at most MAX_VECTORS. */
export function setUp(vectors: i32, inverse: i64): void {
  setSize(vectors, inverse);
  writeConstants();
}
