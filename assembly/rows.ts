/**
 * Montgomery's method (P. L. Montgomery, Math. Comp. 44, 1985), two rows a pass: sums = sums + a b - q n, with
 * the digits of q chosen so that the lowest two columns become 0, up to a carry, and can be dropped.
 *
 * Columns: column vector c holds the sums of column c and of column c + P. The pass for rows 2p and 2p + 1
 * starts at c = 2p and touches P + 2 vectors. Column c is complete, and dropped, when both its halves are added:
 * lane 0 of vector c and lane 1 of vector c - P. That is why P zero vectors precede the sums.
 *
 * A pass has two parts. First vectors 0 and 1: `begin`, `addProduct` for every product a b, `findDigits`; they
 * leave a record. Then `sweep` for the vectors after them. The digits are a chain of dependent instructions, so
 * the caller lets the digits of one sum be found while the sweep of another is under way.
 *
 * `terms` is the number of products a b in the sum, 0 to 2, known at compile time, as are the branches on it.
 * Where it is not 1, products added and subtracted do not balance and their constants (fma.ts) are taken out.
 */
import { BIAS, Fma, HIGH_BITS, LOW_BITS } from './fma';
import { inverse, LIMB_BITS, LIMB_MASK, MODULUS } from './layout';

/** A record: the digits as doubles, what is carried to the next two column vectors, the carry, the digits. */
const DIGIT_0: usize = 0;
const DIGIT_1: usize = 16;
const NEXT: usize = 32;
const AFTER: usize = 48;
const CARRY: usize = 64;
const INTEGER_0: usize = 72;
const INTEGER_1: usize = 80;

export class Rows {
  /** Starts a sum: no columns yet, no carry. `size` is that of an integer in bytes. */
  @inline static clear(sums: usize, record: usize, size: usize): void {
    for (let k: usize = 0; k < size; k += 16) v128.store(sums + k, i64x2.splat(0));
    i64.store(record, 0, CARRY);
  }

  /** Starts vectors 0 and 1 of a pass; not needed for `terms` = 1. */
  @inline static begin(terms: i32, sums: usize, record: usize): void {
    const missing = <i64>(1 - terms);
    v128.store(sums, i64x2.add(v128.load(sums), i64x2.splat(missing * LOW_BITS)));
    v128.store(sums, i64x2.add(v128.load(sums, 16), i64x2.splat(missing * (2 * LOW_BITS + HIGH_BITS))), 16);
    v128.store(record, i64x2.splat(missing * BIAS), NEXT);
    v128.store(record, i64x2.splat(missing * BIAS), AFTER);
  }

  /** Adds a0 and a1 times the first two vectors of b; `isOnly` where `terms` = 1. */
  @inline static addProduct(isOnly: bool, sums: usize, record: usize, a0: v128, a1: v128, b: usize): void {
    const round = Fma.round();
    const rest = Fma.rest();
    const x = v128.load(b);
    const y = v128.load(b, 16);
    const h00 = Fma.high(a0, x, round);
    const h01 = Fma.high(a0, y, round);
    const h10 = Fma.high(a1, x, round);
    const h11 = Fma.high(a1, y, round);
    const middle = i64x2.add(Fma.low(a0, y, h01, rest), Fma.low(a1, x, h10, rest));
    const outer = i64x2.add(Fma.low(a1, y, h11, rest), i64x2.add(h01, h10));
    v128.store(sums, i64x2.add(v128.load(sums), Fma.low(a0, x, h00, rest)));
    v128.store(sums, i64x2.add(i64x2.add(v128.load(sums, 16), h00), middle), 16);
    v128.store(record, isOnly ? outer : i64x2.add(v128.load(record, NEXT), outer), NEXT);
    v128.store(record, isOnly ? h11 : i64x2.add(v128.load(record, AFTER), h11), AFTER);
  }

  /** Subtracts the digits times the first two vectors of n; extra0 and extra1 belong to the two columns. */
  @inline static findDigits(sums: usize, record: usize, size: usize, extra0: i64, extra1: i64): void {
    const round = Fma.round();
    const rest = Fma.rest();
    const inverseOfN = inverse;
    const x = v128.load(MODULUS);
    const y = v128.load(MODULUS, 16);
    let column0 = v128.load(sums);
    let column1 = v128.load(sums, 16);

    const outside0 = i64.load(record, CARRY) + extra0 + i64.load(sums - size, 8);
    const digit0 = ((i64x2.extract_lane(column0, 0) - LOW_BITS + outside0) * inverseOfN) & LIMB_MASK;
    const q0 = f64x2.splat(<f64>digit0);
    const h00 = Fma.high(q0, x, round);
    const h01 = Fma.high(q0, y, round);
    column0 = i64x2.sub(column0, Fma.low(q0, x, h00, rest));
    column1 = i64x2.sub(column1, i64x2.add(h00, Fma.low(q0, y, h01, rest)));

    const carry0 = (i64x2.extract_lane(column0, 0) + outside0) >> LIMB_BITS;
    const outside1 = carry0 + extra1 + i64.load(sums - size, 24);
    const digit1 = ((i64x2.extract_lane(column1, 0) - LOW_BITS + outside1) * inverseOfN) & LIMB_MASK;
    const q1 = f64x2.splat(<f64>digit1);
    const h10 = Fma.high(q1, x, round);
    const h11 = Fma.high(q1, y, round);
    column1 = i64x2.sub(column1, Fma.low(q1, x, h10, rest));
    const outer = i64x2.add(i64x2.add(h01, h10), Fma.low(q1, y, h11, rest));

    v128.store(sums, column0);
    v128.store(sums, column1, 16);
    v128.store(record, q0, DIGIT_0);
    v128.store(record, q1, DIGIT_1);
    v128.store(record, i64x2.sub(v128.load(record, NEXT), outer), NEXT);
    v128.store(record, i64x2.sub(v128.load(record, AFTER), h11), AFTER);
    i64.store(record, (i64x2.extract_lane(column1, 0) + outside1) >> LIMB_BITS, CARRY);
    i64.store(record, digit0, INTEGER_0);
    i64.store(record, digit1, INTEGER_1);
  }

  @inline static firstDigit(record: usize): i64 {
    return i64.load(record, INTEGER_0);
  }

  @inline static secondDigit(record: usize): i64 {
    return i64.load(record, INTEGER_1);
  }

  /** The vectors at byte offsets from `start` to `end`: adds a0, a1 times b and c0, c1 times d, subtracts q n. */
  @inline static sweep(
    terms: i32,
    sums: usize,
    record: usize,
    a0: v128,
    a1: v128,
    b: usize,
    c0: v128,
    c1: v128,
    d: usize,
    start: usize,
    end: usize,
  ): void {
    const round = Fma.round();
    const rest = Fma.rest();
    const bias = Fma.bias();
    const q0 = v128.load(record, DIGIT_0);
    const q1 = v128.load(record, DIGIT_1);
    let next = v128.load(record, NEXT);
    let after = v128.load(record, AFTER);
    for (let k = start; k < end; k += 16) {
      const z = v128.load(k, MODULUS);
      const h0 = Fma.high(q0, z, round);
      const h1 = Fma.high(q1, z, round);
      const l0 = Fma.low(q0, z, h0, rest);
      const l1 = Fma.low(q1, z, h1, rest);
      let sum = i64x2.add(v128.load(sums + k), next);
      if (terms == 0) {
        sum = i64x2.sub(sum, l0);
        next = i64x2.sub(i64x2.sub(after, h0), l1);
        after = i64x2.sub(bias, h1);
      } else {
        const y = v128.load(b + k);
        const g0 = Fma.high(a0, y, round);
        const g1 = Fma.high(a1, y, round);
        sum = i64x2.add(sum, i64x2.sub(Fma.low(a0, y, g0, rest), l0));
        next = i64x2.add(i64x2.add(after, i64x2.sub(g0, h0)), i64x2.sub(Fma.low(a1, y, g1, rest), l1));
        after = i64x2.sub(g1, h1);
      }
      if (terms == 2) {
        const x = v128.load(d + k);
        const g0 = Fma.high(c0, x, round);
        const g1 = Fma.high(c1, x, round);
        sum = i64x2.add(sum, Fma.low(c0, x, g0, rest));
        next = i64x2.add(next, i64x2.add(g0, Fma.low(c1, x, g1, rest)));
        after = i64x2.add(after, i64x2.sub(g1, bias));
      }
      v128.store(sums + k, sum);
    }
    v128.store(record, next, NEXT);
    v128.store(record, after, AFTER);
  }

  /** Ends a pass: stores what is carried to the two vectors after the last. */
  @inline static end(terms: i32, sums: usize, record: usize, size: usize): void {
    let next = v128.load(record, NEXT);
    let after = v128.load(record, AFTER);
    if (terms != 1) {
      const surplus = <i64>(terms - 1);
      next = i64x2.add(next, i64x2.splat(surplus * LOW_BITS));
      after = i64x2.add(after, i64x2.splat(surplus * (2 * LOW_BITS + HIGH_BITS)));
    }
    v128.store(sums + size, next);
    v128.store(sums + size, after, 16);
  }

  /**
   * Writes the quotient sums / 2^(51 * 2P) to `to`, as limbs in [-2^12, 2^51 + 2^12] (the last one signed): one
   * round of carries, because `Fma.high` bears limbs slightly too large.
   */
  @inline static finish(sums: usize, record: usize, size: usize, to: usize): void {
    const mask = i64x2.splat(LIMB_MASK);
    const positive = i64x2.splat(1 << 62);
    const negative = i64x2.splat(1 << 11);
    const upper = sums + 2 * size;
    const lower = sums + size;
    const last = size - 16;

    const carry = i64x2.replace_lane(i64x2.splat(0), 0, i64.load(record, CARRY));
    let columns = i64x2.add(i64x2.add(v128.load(upper), v128.load64_zero(lower, 8)), carry);
    const first = v128.and(columns, mask);
    let carries = i64x2.sub(i64x2.shr_u(i64x2.add(columns, positive), LIMB_BITS), negative);
    for (let k: usize = 16; k < last; k += 16) {
      columns = i64x2.add(v128.load(upper + k), v128.load64_zero(lower + k, 8));
      v128.store(to + k, Fma.toDoubles(i64x2.add(v128.and(columns, mask), carries)));
      carries = i64x2.sub(i64x2.shr_u(i64x2.add(columns, positive), LIMB_BITS), negative);
    }
    columns = i64x2.add(v128.load(upper + last), v128.load64_zero(lower + last, 8));
    const middle = i64x2.extract_lane(columns, 0);
    f64.store(to + last, <f64>((middle & LIMB_MASK) + i64x2.extract_lane(carries, 0)));
    f64.store(to + last, <f64>(i64x2.extract_lane(columns, 1) + i64x2.extract_lane(carries, 1)), 8);
    const half = i64x2.replace_lane(i64x2.splat(0), 1, middle >> LIMB_BITS);
    v128.store(to, Fma.toDoubles(i64x2.add(first, half)));
  }
}
