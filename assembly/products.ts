/**
 * Products modulo n and modulo n^2, all with the factor 1/R of Montgomery's method, R = 2^(51 * 2P). None of the
 * results is reduced fully: they lie in (-n, n).
 *
 * A pair (a0, a1) stands for w = a0 + a1 n mod n^2. From a0 b0 = R t + q n follows
 *   w (b0 + b1 n) = R t + n (a1 b0 + a0 b1 + q),
 * so the product of pairs is (t, s) with R s = a1 b0 + a0 b1 + q - k n: two sums, both with the small modulus n,
 * the second taking the digits of q from the first. Where b is a unit (b1 = 0) the second sum has one product,
 * where both are units it has none. This costs 5, 4 and 3 half-size products; modulo n^2 at full size, 8, 4 and 4.
 */
import { RECORD_S, RECORD_T, SCRATCH, SUMS_S, SUMS_T, unitBytes } from './layout';
import { Rows } from './rows';
import { doubleSum, startSum, sumToUnit } from './sums';

/** Where the limb of row i is: rows count 16 bytes, the upper half of the limbs is in lane 1. */
class Limb {
  @inline static splat(element: usize, row: usize, unit: usize): v128 {
    return v128.load64_splat(element + (row < unit ? row : row - unit + 8));
  }
}

class Product {
  /** to = b0 a / R mod n: the first sum alone. */
  @inline static one(to: usize, b: usize, a: usize): void {
    const unit = unitBytes;
    let sums = SUMS_T + unit;
    Rows.clear(sums, RECORD_T, unit);
    let a0 = Limb.splat(a, 0, unit);
    let a1 = Limb.splat(a, 16, unit);
    Rows.addProduct(true, sums, RECORD_T, a0, a1, b);
    Rows.findDigits(sums, RECORD_T, unit, 0, 0);
    for (let row: usize = 32; ; row += 32) {
      Rows.sweep(1, sums, RECORD_T, a0, a1, b, a0, a1, b, 32, unit);
      Rows.end(1, sums, RECORD_T, unit);
      sums += 32;
      if (row >= 2 * unit) break;
      a0 = Limb.splat(a, row, unit);
      a1 = Limb.splat(a, row + 16, unit);
      Rows.addProduct(true, sums, RECORD_T, a0, a1, b);
      Rows.findDigits(sums, RECORD_T, unit, 0, 0);
    }
    Rows.finish(SUMS_T + unit, RECORD_T, unit, to);
  }

  /** to = (b0 a / R, (b1 a + b0 c + q) / R); without c for `terms` < 2, without b1 for `terms` = 0. */
  @inline static two(terms: i32, to: usize, b0: usize, b1: usize, a: usize, c: usize): void {
    const unit = unitBytes;
    const start: usize = 64;
    let sumsT = SUMS_T + unit;
    let sumsS = SUMS_S + unit;
    Rows.clear(sumsT, RECORD_T, unit);
    Rows.clear(sumsS, RECORD_S, unit);
    let a0 = Limb.splat(a, 0, unit);
    let a1 = Limb.splat(a, 16, unit);
    let c0 = Limb.splat(c, 0, unit);
    let c1 = Limb.splat(c, 16, unit);
    Rows.addProduct(true, sumsT, RECORD_T, a0, a1, b0);
    Rows.findDigits(sumsT, RECORD_T, unit, 0, 0);
    for (let row: usize = 32; ; row += 32) {
      const q0 = Rows.firstDigit(RECORD_T);
      const q1 = Rows.secondDigit(RECORD_T);
      Rows.sweep(1, sumsT, RECORD_T, a0, a1, b0, c0, c1, b0, 32, start);
      if (terms != 1) Rows.begin(terms, sumsS, RECORD_S);
      if (terms >= 1) Rows.addProduct(terms == 1, sumsS, RECORD_S, a0, a1, b1);
      if (terms == 2) Rows.addProduct(terms == 1, sumsS, RECORD_S, c0, c1, b0);
      Rows.findDigits(sumsS, RECORD_S, unit, q0, q1);
      Rows.sweep(1, sumsT, RECORD_T, a0, a1, b0, c0, c1, b0, start, unit);
      Rows.end(1, sumsT, RECORD_T, unit);
      sumsT += 32;

      const isLast = row >= 2 * unit;
      const oldA0 = a0;
      const oldA1 = a1;
      const oldC0 = c0;
      const oldC1 = c1;
      Rows.sweep(terms, sumsS, RECORD_S, oldA0, oldA1, b1, oldC0, oldC1, b0, 32, start);
      if (!isLast) {
        a0 = Limb.splat(a, row, unit);
        a1 = Limb.splat(a, row + 16, unit);
        c0 = Limb.splat(c, row, unit);
        c1 = Limb.splat(c, row + 16, unit);
        Rows.addProduct(true, sumsT, RECORD_T, a0, a1, b0);
        Rows.findDigits(sumsT, RECORD_T, unit, 0, 0);
      }
      Rows.sweep(terms, sumsS, RECORD_S, oldA0, oldA1, b1, oldC0, oldC1, b0, start, unit);
      Rows.end(terms, sumsS, RECORD_S, unit);
      sumsS += 32;
      if (isLast) break;
    }
    Rows.finish(SUMS_T + unit, RECORD_T, unit, to);
    Rows.finish(SUMS_S + unit, RECORD_S, unit, to + unit);
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
