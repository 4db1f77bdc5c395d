/**
 * The border: big-endian bytes, right-aligned before BORDER, to and from limbs. The host writes every value with
 * the width of the modulus, so the bytes before it stay 0.
 */
import { BORDER, LIMB_BITS, LIMB_MASK, MODULUS, SCRATCH, unitBytes } from './layout';

/** Address of limb i of a unit. */
function limbAt(unit: usize, index: usize): usize {
  const row = index << 4;
  return unit + (row < unitBytes ? row : row - unitBytes + 8);
}

function limbCount(): usize {
  return unitBytes >> 3;
}

/** The bytes at the border, below 2^(51 * 2P), as a unit. */
export function readBorder(to: usize): void {
  const count = limbCount();
  for (let index: usize = 0; index < count; index += 1) {
    const bit = index * LIMB_BITS;
    const word = bswap(load<u64>(BORDER - 8 - (bit >> 3)));
    f64.store(limbAt(to, index), <f64>((<i64>(word >> (bit & 7))) & LIMB_MASK));
  }
}

/** A unit in [-2n, n) as its representative in [0, n), at the border. */
export function writeBorder(unit: usize): void {
  representativeToScratch(unit);
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
}

/** The same pair with its first part in [0, n): t + s n = (t + n) + (s - 1) n. */
export function settlePair(pair: usize): void {
  const times = representativeToScratch(pair);
  if (times == 0) return;
  const count = limbCount();
  for (let index: usize = 0; index < count; index += 1) {
    f64.store(limbAt(pair, index), <f64>i64.load(SCRATCH + (index << 3)));
  }
  const upper = pair + unitBytes;
  f64.store(upper, f64.load(upper) - <f64>times);
}

/** The representative of a unit in [-2n, n), to SCRATCH; returns how many n were added. */
function representativeToScratch(unit: usize): i64 {
  let times: i64 = 0;
  while (carryToScratch(unit, times) < 0) times += 1;
  return times;
}

/** Limbs of unit + times * n in natural order, each in [0, 2^51), to SCRATCH; returns what is left above them. */
function carryToScratch(unit: usize, times: i64): i64 {
  const count = limbCount();
  let carry: i64 = 0;
  for (let index: usize = 0; index < count; index += 1) {
    carry += <i64>f64.load(limbAt(unit, index)) + times * <i64>f64.load(limbAt(MODULUS, index));
    store<i64>(SCRATCH + (index << 3), carry & LIMB_MASK);
    carry >>= LIMB_BITS;
  }
  return carry;
}
