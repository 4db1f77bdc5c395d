/**
 * Products modulo N and modulo N^2, all with the factor 1/R of Montgomery's method, R = 2^(51 * 2P). None of the
 * results is reduced fully. With factors in (-2N, 2N), R > 2^32 N and |q| <= R/2, results (a b - q N) / R lie in
 * (-N, N), so they are factors again.
 *
 * A pair (a0, a1) stands for a0 + (a1/R) N mod N^2. From a0 b0 = R t + q N follows
 *   (a0 + (a1/R) N) (b0 + (b1/R) N) = R (t + (s/R) N) with s = q + (a0 b1 + a1 b0) / R mod N,
 * so the product of pairs is (t, s): two products modulo N, the second of two terms, and the quotient of the first
 * is added to it as it is. That leaves |s| < R/2 + 3N, and s times a factor divided by R in (-2N, 2N). Where b is a
 * unit (b1 = 0) the second product has one term, where both are units there is none. This costs 5, 4 and 2
 * half-size products; modulo N^2 at full size, 8, 4 and 4.
 */
import { Columns } from './columns';
import { FACTOR_A, FACTOR_C, unitBytes } from './layout';
import { Rows } from './rows';

/** unit = a b / R mod N with the limbs of a at FACTOR_A; keeps the quotient. */
function multiplyFactor(to: usize, b: usize): void {
  Columns.finish(false, Rows.multiply(1, true, b, b), to);
}

/** unit = q + a b / R mod N. */
function addFactor(to: usize, b: usize): void {
  Columns.finish(true, Rows.multiply(1, false, b, b), to);
}

/** unit = q + (a b + c d) / R mod N, with the limbs of c at FACTOR_C. */
function addFactors(to: usize, b: usize, d: usize): void {
  Columns.finish(true, Rows.multiply(2, false, b, d), to);
}

/**
 * The limbs of a factor in natural order, each the start of a row. They are copied first: a table entry comes from
 * far away, and all of it is then fetched at once; and the result may overwrite it.
 */
function takeFactor(to: usize, from: usize): void {
  const size = unitBytes;
  for (let k: usize = 0; k < size; k += 16) {
    const vector = v128.load(from + k);
    v128.store64_lane(to + (k >> 1), vector, 0);
    v128.store64_lane(to + (k >> 1) + (size >> 1), vector, 1);
  }
}

function doubleFactor(): void {
  for (let k: usize = 0; k < unitBytes; k += 16) {
    const limbs = v128.load(k, FACTOR_A);
    v128.store(k, f64x2.add(limbs, limbs), FACTOR_A);
  }
}

/** unit = unit * unit / R mod N. */
export function multiplyUnits(to: usize, a: usize, b: usize): void {
  takeFactor(FACTOR_A, a);
  multiplyFactor(to, b);
}

/** pair = unit * unit / R mod N^2. */
export function multiplyUnitsToPair(to: usize, a: usize, b: usize): void {
  multiplyUnits(to, a, b);
  const upper = to + unitBytes;
  for (let k: usize = 0; k < unitBytes; k += 16) v128.store(upper + k, Columns.quotient(k));
}

/** pair = pair * unit / R mod N^2. */
export function multiplyPairByUnit(to: usize, pair: usize, unit: usize): void {
  multiplyUnits(to, unit, pair);
  addFactor(to + unitBytes, pair + unitBytes);
}

/** pair = pair * pair / R mod N^2. */
export function multiplyPairs(to: usize, a: usize, b: usize): void {
  takeFactor(FACTOR_A, a);
  takeFactor(FACTOR_C, b);
  multiplyFactor(to, b);
  addFactors(to + unitBytes, b + unitBytes, a + unitBytes);
}

/** pair = pair^2 / R mod N^2: one product with 2 a0 instead of two with a0. */
export function squarePair(to: usize, pair: usize): void {
  takeFactor(FACTOR_A, pair);
  multiplyFactor(to, pair);
  doubleFactor();
  addFactor(to + unitBytes, pair + unitBytes);
}
