/**
 * Montgomery's method (P. L. Montgomery, Math. Comp. 44, 1985), two rows a pass: sums = sums + a b - q N, with
 * the digits of q in [-2^50, 2^50) chosen so that the lowest two columns become 0, up to a carry, and can be
 * dropped. N = 1 mod 2^51, so the first digit is the first column itself, and the second needs one product of
 * integers: the processor has both long before it is through with the pass before.
 *
 * Columns: column vector c holds the sums of column c and of column c + P. The pass for rows 2p and 2p + 1
 * starts at c = 2p and touches P + 2 vectors. Column c is complete, and dropped, when both its halves are added:
 * lane 0 of vector c and lane 1 of vector c - P. That is why P zero vectors precede the sums.
 *
 * Every product leaves the constants of fma.ts in the columns. So that no pass has to take them out, columns start
 * with what cancels all that will come (columns.ts).
 *
 * `terms` is the number of products a b in the sum, 1 or 2, known at compile time, as are the branches on it.
 */
import { Columns } from './columns';
import { Fma } from './fma';
import { FACTOR_A, FACTOR_C, LIMB_BITS, MODULUS, QUOTIENT, SUMS, unitBytes } from './layout';

/** Shifting an integer up and down by this gives the digit in [-2^50, 2^50) of the same residue. */
const SPARE_BITS: i32 = 64 - LIMB_BITS;

export class Rows {
  /**
   * The columns of a b, and of a b + c d where `terms` is 2; limbs of a and c are at FACTOR_A and FACTOR_C, b and d
   * are units. Leaves the digits of q at QUOTIENT if `keep`. Returns the carry into the columns that are left.
   */
  @inline static multiply(terms: i32, keep: bool, b: usize, d: usize): i64 {
    const size = unitBytes;
    const round = Fma.round();
    const rest = Fma.rest();
    const secondLimb = <i64>f64.load(MODULUS, 16);
    let sums = SUMS + size;
    let carry: i64 = 0;
    for (let k: usize = 0; k < size; k += 16) v128.store(sums + k, Columns.start(terms, k));

    for (let row: usize = 0; row < size; row += 16) {
      const a0 = v128.load64_splat(row, FACTOR_A);
      const a1 = v128.load64_splat(row, FACTOR_A + 8);
      const c0 = v128.load64_splat(row, FACTOR_C);
      const c1 = v128.load64_splat(row, FACTOR_C + 8);

      // Vectors 0 and 1: row 1 is one column further up than row 0, high parts are one further up than low parts.
      const y0 = v128.load(b);
      const y1 = v128.load(b, 16);
      const g00 = Fma.high(a0, y0, round);
      const g01 = Fma.high(a0, y1, round);
      const g10 = Fma.high(a1, y0, round);
      const g11 = Fma.high(a1, y1, round);
      const l00 = Fma.low(a0, y0, rest, g00);
      const l01 = Fma.low(a0, y1, rest, g01);
      const l10 = Fma.low(a1, y0, rest, g10);
      const l11 = Fma.low(a1, y1, rest, g11);
      let column0 = v128.load(sums);
      let column1 = v128.load(sums, 16);
      let next = l11;
      let after = i64x2.splat(0);
      if (terms == 2) {
        const x0 = v128.load(d);
        const x1 = v128.load(d, 16);
        const f00 = Fma.high(c0, x0, round);
        const f01 = Fma.high(c0, x1, round);
        const f10 = Fma.high(c1, x0, round);
        const f11 = Fma.high(c1, x1, round);
        column0 = i64x2.add(column0, Fma.low(c0, x0, rest, f00));
        column1 = i64x2.add(i64x2.add(column1, f00), Fma.low(c0, x1, rest, f01));
        column1 = i64x2.add(column1, Fma.low(c1, x0, rest, f10));
        next = i64x2.add(Fma.low(c1, x1, rest, f11), i64x2.add(f01, f10));
        after = f11;
      }

      // The digits that make the columns 0.
      const outside0 = carry + i64.load(sums - size, 8);
      const outside1 = i64.load(sums - size, 24);
      const sum0 = i64x2.extract_lane(i64x2.add(column0, l00), 0) + outside0;
      const sum1 = i64x2.extract_lane(i64x2.add(i64x2.add(column1, g00), i64x2.add(l01, l10)), 0) + outside1;
      const digit0 = (sum0 << SPARE_BITS) >> SPARE_BITS;
      const rest1 = sum1 + ((sum0 - digit0) >> LIMB_BITS) + digit0 * secondLimb;
      const digit1 = (rest1 << SPARE_BITS) >> SPARE_BITS;
      const q0 = f64x2.splat(<f64>digit0);
      const q1 = f64x2.splat(<f64>digit1);
      if (keep) {
        v128.store64_lane(row, q0, 0, QUOTIENT);
        v128.store64_lane(row, q1, 0, QUOTIENT + 8);
      }

      // The digits times N.
      const z0 = v128.load(MODULUS);
      const z1 = v128.load(MODULUS, 16);
      const h00 = Fma.high(q0, z0, g00);
      const h01 = Fma.high(q0, z1, g01);
      const h10 = Fma.high(q1, z0, g10);
      const h11 = Fma.high(q1, z1, g11);
      const m01 = f64x2.add(l01, Fma.low(q0, z1, g01, h01));
      const m10 = f64x2.add(l10, Fma.low(q1, z0, g10, h10));
      const m11 = f64x2.add(l11, Fma.low(q1, z1, g11, h11));
      column0 = i64x2.add(column0, f64x2.add(l00, Fma.low(q0, z0, g00, h00)));
      column1 = i64x2.add(i64x2.add(column1, h00), i64x2.add(m01, m10));
      next = terms == 2 ? i64x2.add(next, m11) : m11;
      next = i64x2.add(next, i64x2.add(h01, h10));
      after = terms == 2 ? i64x2.add(after, h11) : h11;
      v128.store(sums, column0);
      v128.store(sums, column1, 16);
      const carry0 = (i64x2.extract_lane(column0, 0) + outside0) >> LIMB_BITS;
      carry = (i64x2.extract_lane(column1, 0) + outside1 + carry0) >> LIMB_BITS;

      for (let k: usize = 32; k < size; k += 16) {
        const y = v128.load(b + k);
        const z = v128.load(k, MODULUS);
        const g0 = Fma.high(a0, y, round);
        const g1 = Fma.high(a1, y, round);
        const h0 = Fma.high(q0, z, g0);
        const h1 = Fma.high(q1, z, g1);
        const m0 = f64x2.add(Fma.low(a0, y, rest, g0), Fma.low(q0, z, g0, h0));
        const m1 = f64x2.add(Fma.low(a1, y, rest, g1), Fma.low(q1, z, g1, h1));
        let sum = i64x2.add(i64x2.add(v128.load(sums + k), next), m0);
        next = i64x2.add(i64x2.add(after, h0), m1);
        after = h1;
        if (terms == 2) {
          const x = v128.load(d + k);
          const f0 = Fma.high(c0, x, round);
          const f1 = Fma.high(c1, x, round);
          sum = i64x2.add(sum, Fma.low(c0, x, rest, f0));
          next = i64x2.add(next, i64x2.add(f0, Fma.low(c1, x, rest, f1)));
          after = i64x2.add(after, f1);
        }
        v128.store(sums + k, sum);
      }
      v128.store(sums + size, i64x2.add(next, Columns.start(terms, size + (row << 1))));
      v128.store(sums + size, i64x2.add(after, Columns.start(terms, size + (row << 1) + 16)), 16);
      sums += 32;
    }
    return carry;
  }
}
