/**
 * Exact products of 51-bit limbs by fused multiply-add of doubles.
 * Reference: N. Emmart, F. Zheng, C. Weems, "Faster modular exponentiation using double precision floating
 * point arithmetic on the GPU", ARITH 2018.
 *
 * For integers a, b with -2^101 <= a b < 2^102 (1 + 2^-30): `high` = 1.25 * 2^103 + 2^51 h, where 2^51 h is the
 * multiple of 2^51 nearest to a b, because doubles of that size are multiples of 2^51; `low` = 1.5 * 2^52 + l
 * with l = a b - 2^51 h, |l| <= 2^50. Read as 64-bit integers they are HIGH_BITS + h and LOW_BITS + l. So sums
 * and differences of products are sums and differences of integers, and where as many products are added as
 * subtracted the constants vanish.
 *
 * All of this needs the multiply-add to round once. WebAssembly allows `relaxed_madd` to round twice.
 */
import { CONSTANTS } from './layout';

/** The bits of 1.25 * 2^103, 1.5 * 2^52 and 1.25 * 2^52. */
export const HIGH_BITS: i64 = 0x4664000000000000;
export const LOW_BITS: i64 = 0x4338000000000000;
/** What two rows of one product leave in every column that they touch fully. */
export const BIAS: i64 = 2 * (HIGH_BITS + LOW_BITS);
const INTEGER_BITS: i64 = 0x4334000000000000;

export class Fma {
  /** 1.25 * 2^103, in both lanes: the argument `round` of `high`. */
  @inline static round(): v128 {
    return v128.load(CONSTANTS);
  }

  /** 1.25 * 2^103 + 1.5 * 2^52, in both lanes: the argument `rest` of `low`. */
  @inline static rest(): v128 {
    return v128.load(CONSTANTS, 16);
  }

  /** What two rows of products leave in a column, in both lanes (see rows.ts). */
  @inline static bias(): v128 {
    return v128.load(CONSTANTS, 32);
  }

  @inline static high(a: v128, b: v128, round: v128): v128 {
    return f64x2.relaxed_madd(a, b, round);
  }

  @inline static low(a: v128, b: v128, high: v128, rest: v128): v128 {
    return f64x2.relaxed_madd(a, b, f64x2.sub(rest, high));
  }

  /** Doubles of the integers x, for -2^50 <= x < 1.5 * 2^51. */
  @inline static toDoubles(x: v128): v128 {
    const integer = i64x2.splat(INTEGER_BITS);
    return f64x2.sub(i64x2.add(x, integer), integer);
  }

  /** Integers of the doubles x, for integral -2^50 <= x < 1.5 * 2^51. */
  @inline static toIntegers(x: v128): v128 {
    const integer = i64x2.splat(INTEGER_BITS);
    return i64x2.sub(f64x2.add(x, integer), integer);
  }
}

export function writeConstants(): void {
  const round = reinterpret<f64>(HIGH_BITS);
  v128.store(CONSTANTS, f64x2.splat(round));
  v128.store(CONSTANTS, f64x2.splat(round + reinterpret<f64>(LOW_BITS)), 16);
  v128.store(CONSTANTS, i64x2.splat(BIAS), 32);
}

/** 1 where `relaxed_madd` rounds once here: (1 + e)^2 minus its rounded value is then e^2, not 0. */
export function isFused(one: f64): i32 {
  const x = one + f64.EPSILON;
  const v = f64x2.splat(x);
  const error = f64x2.relaxed_madd(v, v, f64x2.splat(-(x * x)));
  return i32(f64x2.extract_lane(error, 0) != 0 && f64x2.extract_lane(error, 1) != 0);
}
