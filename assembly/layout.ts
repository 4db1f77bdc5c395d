/**
 * Where things are in linear memory. Addresses below ARENA are fixed, so that they become immediate operands;
 * everything from ARENA on is handed out by the host.
 *
 * An integer of 2P limbs of 51 bits is an array of P vectors (v128): vector j holds the doubles of limb j and
 * limb j + P. A "unit" is one such array, a "pair" (a0, a1) is two in a row and stands for a0 + a1 n mod n^2.
 */

/** Bits of a limb. */
export const LIMB_BITS: i32 = 51;
export const LIMB_MASK: i64 = (1 << 51) - 1;
/** The most vectors an integer may have: moduli of up to 4864 bits. */
export const MAX_VECTORS: i32 = 48;

/** Constants of fma.ts, loaded instead of written so that no engine rebuilds them inside a loop. */
export const CONSTANTS: usize = 0x40;
/** What the two digits of a pass leave for its sweep; one record for each of the two sums (see rows.ts). */
export const RECORD_T: usize = 0x100;
export const RECORD_S: usize = 0x180;
/** The modulus n, as a unit. */
export const MODULUS: usize = 0x400;
/** Column sums: P vectors that stay zero, then 3P vectors. */
export const SUMS_T: usize = 0x800;
export const SUMS_S: usize = 0x1400;
/** Limbs in natural order, as 64-bit integers (see bytes.ts), or a doubled unit (see products.ts). */
export const SCRATCH: usize = 0x2000;
/** The limbs of the factors whose digits start the rows, in natural order. */
export const FACTOR_A: usize = 0x2800;
export const FACTOR_C: usize = 0x2c00;
/** Big-endian bytes cross the border in the bytes before this address. */
export const BORDER: usize = 0x2800;
/** The first address the host may give away. */
export const ARENA: usize = 0x3000;

/** Bytes of a unit: 16 P. Set once, by `setSize`. */
export let unitBytes: usize = 0;
/** n^-1 mod 2^51. */
export let inverse: i64 = 0;

export function setSize(vectors: i32, inverseOfModulus: i64): void {
  unitBytes = (<usize>vectors) << 4;
  inverse = inverseOfModulus;
}

/** Zeroes everything that products leave behind below ARENA. */
export function wipe(): void {
  memory.fill(RECORD_T, 0, MODULUS - RECORD_T);
  memory.fill(SUMS_T, 0, ARENA - SUMS_T);
}
