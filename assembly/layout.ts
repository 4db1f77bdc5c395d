/**
 * Where things are in linear memory. Addresses below ARENA are fixed, so that they become immediate operands;
 * everything from ARENA on is handed out by the host.
 *
 * An integer of 2P limbs of 51 bits is an array of P vectors (v128): vector j holds the doubles of limb j and
 * limb j + P. Limbs are signed, between -2^50 and 2^50 or a little beyond: less than 2^21. A "unit" is one such
 * array, a "pair" is two in a row (see products.ts).
 */

/** Bits of a limb. */
export const LIMB_BITS: i32 = 51;
export const LIMB_MASK: i64 = (1 << 51) - 1;
export const HALF_LIMB: i64 = 1 << 50;
/** The most vectors an integer may have: moduli of more than 4096 bits. */
export const MAX_VECTORS: i32 = 48;

/** Constants of fma.ts, loaded instead of written so that no engine rebuilds them inside a loop. */
export const CONSTANTS: usize = 0x40;
/** The modulus N with its sign changed, as a unit. */
export const MODULUS: usize = 0x400;
/** Column sums: P vectors that stay zero, then 3P vectors. */
export const SUMS: usize = 0x800;
/** What columns start with (see rows.ts): 3P vectors. */
export const START: usize = 0x1400;
/** Limbs in natural order: of the factors whose digits start the rows, and the digits of a quotient. */
export const FACTOR_A: usize = 0x1e00;
export const FACTOR_C: usize = 0x2200;
export const QUOTIENT: usize = 0x2600;
/** Limbs in natural order, as 64-bit integers (see bytes.ts). */
export const SCRATCH: usize = 0x2a00;
/** Big-endian bytes cross the border in the bytes before this address. */
export const BORDER: usize = 0x3200;
/** The first address the host may give away. */
export const ARENA: usize = 0x3400;

/** Bytes of a unit: 16 P. Set once, by `setSize`. */
export let unitBytes: usize = 0;

export function setSize(vectors: i32): void {
  unitBytes = (<usize>vectors) << 4;
}

/** Zeroes everything that products and the border leave behind below ARENA. */
export function wipe(): void {
  memory.fill(SUMS, 0, START - SUMS);
  memory.fill(FACTOR_A, 0, ARENA - FACTOR_A);
}
