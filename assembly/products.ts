/**
 * Products modulo n and modulo n^2, all with the factor 1/R of Montgomery's method, R = 2^(51 * 2P). None of the
 * results is reduced fully. With factors in (-2n, 2n), R > 2^32 n and 0 <= q < R, results (a b - q n) / R lie in
 * (-n - 2^-29 n, 2^-29 n), so they are factors again.
 *
 * A pair (a0, a1) stands for w = a0 + a1 n mod n^2. From a0 b0 = R t + q n follows
 *   w (b0 + b1 n) = R t + n (a1 b0 + a0 b1 + q),
 * so the product of pairs is (t, s) with R s = a1 b0 + a0 b1 + q - k n: two sums, both with the small modulus n,
 * the second taking the digits of q from the first. Where b is a unit (b1 = 0) the second sum has one product,
 * where both are units it has none. This costs 5, 4 and 3 half-size products; modulo n^2 at full size, 8, 4 and 4.
 */
import { FACTOR_A, FACTOR_C, RECORD_S, RECORD_T, SCRATCH, SUMS_S, SUMS_T, unitBytes } from './layout';
import { Rows } from './rows';
import { doubleSum, startSum, sumToUnit } from './sums';

/**
 * The limbs of a factor in natural order, each the start of a row. They are copied first: a table entry comes from
 * far away, and all of it is then fetched at once.
 */
class Limbs {
  @inline static copy(to: usize, from: usize, size: usize): void {
    for (let k: usize = 0; k < size; k += 16) {
      const vector = v128.load(from + k);
      v128.store64_lane(to + (k >> 1), vector, 0);
      v128.store64_lane(to + (k >> 1) + (size >> 1), vector, 1);
    }
  }
}

/** Vectors 2 and 3 of a pass are vectors 0 and 1 of the next one, which can start when these are done. */
const BODY: usize = 32;
const TAIL: usize = 64;

class Product {
  /** to = b a / R mod n: the first sum alone. */
  @inline static one(to: usize, b: usize, a: usize): void {
    const size = unitBytes;
    let sums = SUMS_T + size;
    Rows.clear(sums, RECORD_T, size);
    Limbs.copy(FACTOR_A, a, size);
    for (let row: usize = 0; row < size; row += 16) {
      const a0 = v128.load64_splat(row, FACTOR_A);
      const a1 = v128.load64_splat(row, FACTOR_A + 8);
      Rows.addProduct(true, sums, RECORD_T, a0, a1, b);
      Rows.findDigits(sums, RECORD_T, size, 0, 0);
      Rows.sweep(1, sums, RECORD_T, a0, a1, b, a0, a1, b, BODY, size);
      Rows.end(1, sums, RECORD_T, size);
      sums += 32;
    }
    Rows.finish(SUMS_T + size, RECORD_T, size, to);
  }

  /** to = (b0 a / R, (b1 a + b0 c + q) / R); without c for `terms` < 2, without b1 for `terms` = 0. */
  @inline static two(terms: i32, to: usize, b0: usize, b1: usize, a: usize, c: usize): void {
    const size = unitBytes;
    let sumsT = SUMS_T + size;
    let sumsS = SUMS_S + size;
    Rows.clear(sumsT, RECORD_T, size);
    Rows.clear(sumsS, RECORD_S, size);
    Limbs.copy(FACTOR_A, a, size);
    if (terms == 2) Limbs.copy(FACTOR_C, c, size);
    let a0 = v128.load64_splat(FACTOR_A);
    let a1 = v128.load64_splat(FACTOR_A, 8);
    Rows.addProduct(true, sumsT, RECORD_T, a0, a1, b0);
    Rows.findDigits(sumsT, RECORD_T, size, 0, 0);
    for (let row: usize = 0; row < size; row += 16) {
      const c0 = v128.load64_splat(row, FACTOR_C);
      const c1 = v128.load64_splat(row, FACTOR_C + 8);
      const q0 = Rows.firstDigit(RECORD_T);
      const q1 = Rows.secondDigit(RECORD_T);
      Rows.sweep(1, sumsT, RECORD_T, a0, a1, b0, c0, c1, b0, BODY, TAIL);
      if (terms != 1) Rows.begin(terms, sumsS, RECORD_S);
      if (terms >= 1) Rows.addProduct(terms == 1, sumsS, RECORD_S, a0, a1, b1);
      if (terms == 2) Rows.addProduct(false, sumsS, RECORD_S, c0, c1, b0);
      Rows.findDigits(sumsS, RECORD_S, size, q0, q1);
      Rows.sweep(1, sumsT, RECORD_T, a0, a1, b0, c0, c1, b0, TAIL, size);
      Rows.end(1, sumsT, RECORD_T, size);
      sumsT += 32;

      const doneA0 = a0;
      const doneA1 = a1;
      Rows.sweep(terms, sumsS, RECORD_S, doneA0, doneA1, b1, c0, c1, b0, BODY, TAIL);
      if (row + 16 < size) {
        a0 = v128.load64_splat(row, FACTOR_A + 16);
        a1 = v128.load64_splat(row, FACTOR_A + 24);
        Rows.addProduct(true, sumsT, RECORD_T, a0, a1, b0);
        Rows.findDigits(sumsT, RECORD_T, size, 0, 0);
      }
      Rows.sweep(terms, sumsS, RECORD_S, doneA0, doneA1, b1, c0, c1, b0, TAIL, size);
      Rows.end(terms, sumsS, RECORD_S, size);
      sumsS += 32;
    }
    Rows.finish(SUMS_T + size, RECORD_T, size, to);
    Rows.finish(SUMS_S + size, RECORD_S, size, to + size);
  }
}

/** unit = unit * unit / R mod n. */
export function multiplyUnits(to: usize, a: usize, b: usize): void {
  Product.one(to, a, b);
}

/** pair = unit * unit / R mod n^2. */
export function multiplyUnitsToPair(to: usize, a: usize, b: usize): void {
  Product.two(0, to, a, a, b, b);
}

function multiplyParts(to: usize, a0: usize, a1: usize, b: usize): void {
  Product.two(1, to, a0, a1, b, b);
}

/** pair = pair * unit / R mod n^2. */
export function multiplyPairByUnit(to: usize, pair: usize, unit: usize): void {
  multiplyParts(to, pair, pair + unitBytes, unit);
}

/** pair = pair * pair / R mod n^2. */
export function multiplyPairs(to: usize, a: usize, b: usize): void {
  Product.two(2, to, a, a + unitBytes, b, b + unitBytes);
}

/** pair = pair^2 / R mod n^2: one product with 2 a1 instead of two with a1. */
export function squarePair(to: usize, pair: usize): void {
  startSum(SCRATCH, pair + unitBytes);
  doubleSum(SCRATCH);
  sumToUnit(SCRATCH, SCRATCH);
  multiplyParts(to, pair, SCRATCH, pair);
}
