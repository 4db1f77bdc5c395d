/**
 * Several counters in one plaintext: slot i holds its value times 2^(48 i). Values are signed, because
 * noise is; a negative one borrows from the slots above and decoding undoes it.
 */
import { assertArgument } from '../errors.js';
import { mod } from '../math/modular.js';
import type { PublicKey } from './public-key.js';

export const SLOT_BITS = 48;
/** Decoded values are clamped to [-2^46, 2^46]. */
export const SLOT_CLAMP = 1n << 46n;
const HALF_SLOT = 1n << 47n;
const SLOT_MASK = (1n << 48n) - 1n;

/** Slots that fit a key, one spare: floor((|n| - 2) / 48) - 1; 41 at 2048 bits, 62 at 3072. */
export function slotCapacity(key: PublicKey): number {
  return Math.floor((key.bits - 2) / SLOT_BITS) - 1;
}

/** The plaintext in [0, n) with these slot values; each must be within +-2^46, else `invalid_argument`. */
export function encodeSlots(key: PublicKey, values: readonly bigint[]): bigint {
  assertArgument(values.length <= slotCapacity(key), 'too many slots for this key', 'use a longer key or fewer values');
  assertArgument(
    values.every((value) => value >= -SLOT_CLAMP && value <= SLOT_CLAMP),
    'slot value out of range',
    'keep every slot within +-2^46',
  );
  const sum = values.reduce((total, value, slot) => total + (value << BigInt(SLOT_BITS * slot)), 0n);
  return mod(sum, key.n);
}

/**
 * Total: any plaintext gives `slotCount` values within [-2^46, 2^46]. Adds half a slot everywhere, splits,
 * subtracts it again, clamps.
 */
export function decodeSlots(key: PublicKey, plaintext: bigint, slotCount: number): bigint[] {
  let bias = 0n;
  for (let slot = 0; slot < slotCount; slot += 1) bias |= HALF_SLOT << BigInt(SLOT_BITS * slot);
  const shifted = mod(plaintext + bias, key.n);
  return Array.from({ length: slotCount }, (_, slot) =>
    clamp(((shifted >> BigInt(SLOT_BITS * slot)) & SLOT_MASK) - HALF_SLOT),
  );
}

function clamp(value: bigint): bigint {
  return value < -SLOT_CLAMP ? -SLOT_CLAMP : value > SLOT_CLAMP ? SLOT_CLAMP : value;
}
