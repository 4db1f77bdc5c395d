/**
 * The columns of the sums of rows.ts: what they start with, and how what is left of them becomes a unit. Column
 * vector c holds the sums of column c and of column c + P; P vectors that stay zero precede them.
 */
import { Fma, HIGH_BITS, LOW_BITS } from './fma';
import { HALF_LIMB, LIMB_BITS, LIMB_MASK, QUOTIENT, START, SUMS, unitBytes } from './layout';

export class Columns {
  /** What the column vector at this offset starts with. */
  @inline static start(terms: i32, offset: usize): v128 {
    const start = v128.load(offset, START);
    return terms == 2 ? i64x2.add(start, start) : start;
  }

  /**
   * Writes what is left of the columns, plus the digits at QUOTIENT if `withQuotient`, to the unit `to`, after one
   * round of carries: limbs in [-2^50 - 2^12, 2^50 + 2^12], the last one as it comes out.
   */
  @inline static finish(withQuotient: bool, carry: i64, to: usize): void {
    const size = unitBytes;
    const last = size - 16;
    const mask = i64x2.splat(LIMB_MASK);
    const positive = i64x2.splat((1 << 62) + HALF_LIMB);
    const surplus = i64x2.splat((1 << 11) + HALF_LIMB);

    let columns = i64x2.add(Columns.left(withQuotient, 0), i64x2.replace_lane(i64x2.splat(0), 0, carry));
    columns = i64x2.add(columns, positive);
    const first = v128.and(columns, mask);
    let carries = i64x2.sub(i64x2.shr_u(columns, LIMB_BITS), surplus);
    for (let k: usize = 16; k < last; k += 16) {
      columns = i64x2.add(Columns.left(withQuotient, k), positive);
      v128.store(to + k, Fma.toDoubles(i64x2.add(v128.and(columns, mask), carries)));
      carries = i64x2.sub(i64x2.shr_u(columns, LIMB_BITS), surplus);
    }
    columns = Columns.left(withQuotient, last);
    const middle = i64x2.extract_lane(columns, 0) + HALF_LIMB;
    f64.store(to + last, <f64>((middle & LIMB_MASK) + i64x2.extract_lane(carries, 0)));
    // Nothing is carried out of the last limb, so nothing is taken from it: HALF_LIMB goes back.
    f64.store(to + last, <f64>(i64x2.extract_lane(columns, 1) + i64x2.extract_lane(carries, 1) + HALF_LIMB), 8);
    const half = i64x2.replace_lane(i64x2.splat(0), 1, middle >> LIMB_BITS);
    v128.store(to, Fma.toDoubles(i64x2.sub(i64x2.add(first, half), i64x2.splat(HALF_LIMB))));
  }

  /** The columns of limbs j and j + P, for j = offset / 16, of those left after the last pass. */
  @inline static left(withQuotient: bool, offset: usize): v128 {
    const lower = SUMS + unitBytes + unitBytes;
    const upper = lower + unitBytes;
    const columns = i64x2.add(v128.load(upper + offset), v128.load64_zero(lower + offset, 8));
    return withQuotient ? i64x2.add(columns, Fma.toIntegers(Columns.quotient(offset))) : columns;
  }

  /** Limbs j and j + P of the quotient, for j = offset / 16. */
  @inline static quotient(offset: usize): v128 {
    const low = QUOTIENT + (offset >> 1);
    return v128.load64_lane(low + (unitBytes >> 1), v128.load64_zero(low), 1);
  }
}

/** What the constants in every column amount to over all passes, with the sign changed. */
export function writeStart(): void {
  const vectors = <i32>(unitBytes >> 4);
  for (let column = 0; column < 3 * vectors; column += 1) {
    let sum: i64 = 0;
    for (let pass = 0; pass < vectors; pass += 1) {
      const offset = column - 2 * pass;
      // Low parts of row 0 and 1, high parts of row 0 and 1.
      if (offset >= 0 && offset < vectors) sum += LOW_BITS;
      if (offset >= 1 && offset < vectors + 1) sum += LOW_BITS + HIGH_BITS;
      if (offset >= 2 && offset < vectors + 2) sum += HIGH_BITS;
    }
    v128.store(START + ((<usize>column) << 4), i64x2.splat(-sum));
  }
}
