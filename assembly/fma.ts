/**
 * Exact products of 51-bit limbs by fused multiply-add of doubles.
 * Reference: N. Emmart, F. Zheng, C. Weems, "Faster modular exponentiation using double precision floating
 * point arithmetic on the GPU", ARITH 2018. Here the high parts of several products are added up by the
 * multiply-adds themselves.
 *
 * Let g = 1.5 * 2^103 + 2^51 x and |2^51 x + a b| <= 2^102. Doubles of that size are multiples of 2^51, so the
 * multiply-add h = a b + g is g + 2^51 y, where 2^51 y is the multiple nearest to a b, and a b + (g - h) is
 * what is left: at most 2^50. So `high` from ROUND is 1.5 * 2^103 + 2^51 y, and each further `high` from the one
 * before adds another product; `low`, with REST in front of the first, is 1.5 * 2^52 + l. Read as 64-bit integers
 * these are HIGH_BITS + y and LOW_BITS + l: sums of them are sums of integers, and the constants are known.
 *
 * All of this needs the multiply-add to round once. WebAssembly allows `relaxed_madd` to round twice.
 */
import { CONSTANTS } from './layout';

/** The bits of 1.5 * 2^103 and of 1.5 * 2^52. */
export const HIGH_BITS: i64 = 0x4668000000000000;
export const LOW_BITS: i64 = 0x4338000000000000;

export class Fma {
  /** 1.5 * 2^103 in both lanes: where sums of high parts start. */
  @inline static round(): v128 {
    return v128.load(CONSTANTS);
  }

  /** 1.5 * 2^103 + 1.5 * 2^52 in both lanes: what `low` takes as the sum before the first product. */
  @inline static rest(): v128 {
    return v128.load(CONSTANTS, 16);
  }

  /** `sum` and the high part of a b. */
  @inline static high(a: v128, b: v128, sum: v128): v128 {
    return f64x2.relaxed_madd(a, b, sum);
  }

  /** The low part of a b, whose high part led from the sum `before` to the sum `after`. */
  @inline static low(a: v128, b: v128, before: v128, after: v128): v128 {
    return f64x2.relaxed_madd(a, b, f64x2.sub(before, after));
  }

  /** Doubles of the integers x, for -2^51 <= x < 2^51. */
  @inline static toDoubles(x: v128): v128 {
    const integer = i64x2.splat(LOW_BITS);
    return f64x2.sub(i64x2.add(x, integer), integer);
  }

  /** Integers of the doubles x, for integral -2^51 <= x < 2^51. */
  @inline static toIntegers(x: v128): v128 {
    const integer = i64x2.splat(LOW_BITS);
    return i64x2.sub(f64x2.add(x, integer), integer);
  }
}

export function writeConstants(): void {
  const round = reinterpret<f64>(HIGH_BITS);
  v128.store(CONSTANTS, f64x2.splat(round));
  v128.store(CONSTANTS, f64x2.splat(round + reinterpret<f64>(LOW_BITS)), 16);
}

/** 1 where `relaxed_madd` rounds once here: (1 + e)^2 minus its rounded value is then e^2, not 0. */
export function isFused(one: f64): i32 {
  const x = one + f64.EPSILON;
  const v = f64x2.splat(x);
  const error = f64x2.relaxed_madd(v, v, f64x2.splat(-(x * x)));
  return i32(f64x2.extract_lane(error, 0) != 0 && f64x2.extract_lane(error, 1) != 0);
}
