/**
 * The border: big-endian bytes, right-aligned before BORDER, to and from limbs. The host writes every value with
 * the width of the modulus, so the bytes before it stay 0.
 */
import { BORDER, HALF_LIMB, LIMB_BITS, LIMB_MASK, MODULUS, SCRATCH, unitBytes } from './layout';

/** Address of limb i of a unit. */
function limbAt(unit: usize, index: usize): usize {
  const row = index << 4;
  return unit + (row < unitBytes ? row : row - unitBytes + 8);
}

function limbCount(): usize {
  return unitBytes >> 3;
}

/** The bytes at the border, below 2^(51 * 2P - 1), as a unit. */
export function readBorder(to: usize): void {
  const count = limbCount();
  let carry: i64 = HALF_LIMB;
  for (let index: usize = 0; index < count; index += 1) {
    const bit = index * LIMB_BITS;
    const word = bswap(load<u64>(BORDER - 8 - (bit >> 3)));
    const limb = ((<i64>(word >> (bit & 7))) & LIMB_MASK) + carry;
    f64.store(limbAt(to, index), <f64>((limb & LIMB_MASK) - HALF_LIMB));
    carry = (limb >> LIMB_BITS) + HALF_LIMB;
  }
}

/** The bytes at the border become the modulus. */
export function readModulus(): void {
  readBorder(MODULUS);
  for (let k: usize = 0; k < unitBytes; k += 16) v128.store(k, f64x2.neg(v128.load(k, MODULUS)), MODULUS);
}

/** A unit plus the smallest multiple of N with which it is not negative, at the border; returns which multiple. */
export function writeBorder(unit: usize): i32 {
  let times: i64 = 0;
  while (carryToScratch(unit, times) < 0) times += 1;
  const count = limbCount();
  let word: u64 = 0;
  let bits: i32 = 0;
  let position: usize = BORDER - 8;
  for (let index: usize = 0; index < count; index += 1) {
    const limb = load<u64>(SCRATCH + (index << 3));
    word |= limb << bits;
    bits += LIMB_BITS;
    if (bits >= 64) {
      store<u64>(position, bswap(word));
      position -= 8;
      bits -= 64;
      word = limb >> (LIMB_BITS - bits);
    }
  }
  store<u64>(position, bswap(word));
  return <i32>times;
}

/** Limbs of unit + times * N in natural order, each in [0, 2^51), to SCRATCH; returns what is left above them. */
function carryToScratch(unit: usize, times: i64): i64 {
  const count = limbCount();
  let carry: i64 = 0;
  for (let index: usize = 0; index < count; index += 1) {
    carry += <i64>f64.load(limbAt(unit, index)) - times * <i64>f64.load(limbAt(MODULUS, index));
    store<i64>(SCRATCH + (index << 3), carry & LIMB_MASK);
    carry >>= LIMB_BITS;
  }
  return carry;
}
