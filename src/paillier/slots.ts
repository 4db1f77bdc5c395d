/**
 * Several counters in one plaintext: slot i holds its value times 2^(w i), w = 48 bits for counts, 128 for
 * sums. Values are signed, because noise is; a negative one borrows from the slots above and decoding undoes it.
 */
import { assertArgument } from '../errors.js';
import { mod } from '../math/modular.js';
import type { PublicKey } from './public-key.js';

/** Width of a slot in bits. */
export type SlotBits = 48 | 128;

/** Decoded values are clamped to +- this: 2^46, or 2^126 for sums. */
export function slotClamp(slotBits: SlotBits): bigint {
  return 1n << BigInt(slotBits - 2);
}

/** Slots that fit a key, one spare: floor((|n| - 2) / w) - 1; of counts 41 at 2048 bits, 62 at 3072. */
export function slotCapacity(key: PublicKey, slotBits: SlotBits = 48): number {
  return Math.floor((key.bits - 2) / slotBits) - 1;
}

/** The plaintext in [0, n) with these slot values; each must be within +-slotClamp, else `invalid_argument`. */
export function encodeSlots(key: PublicKey, values: readonly bigint[], slotBits: SlotBits = 48): bigint {
  const clamp = slotClamp(slotBits);
  assertArgument(
    values.length <= slotCapacity(key, slotBits),
    'too many slots for this key',
    'use a longer key or fewer values',
  );
  assertArgument(
    values.every((value) => value >= -clamp && value <= clamp),
    'slot value out of range',
    'keep every slot within its clamp',
  );
  return mod(packSlots(values, slotBits), key.n);
}

/** Sum of value_i 2^(w i), as an integer. */
export function packSlots(values: readonly bigint[], slotBits: SlotBits): bigint {
  return values.reduce((total, value, slot) => total + (value << BigInt(slotBits * slot)), 0n);
}

/**
 * Total: any plaintext gives `slotCount` values within the clamp. Adds half a slot everywhere, splits,
 * subtracts it again, clamps.
 */
export function decodeSlots(key: PublicKey, plaintext: bigint, slotCount: number, slotBits: SlotBits = 48): bigint[] {
  const half = 1n << BigInt(slotBits - 1);
  const mask = (1n << BigInt(slotBits)) - 1n;
  let bias = 0n;
  for (let slot = 0; slot < slotCount; slot += 1) bias |= half << BigInt(slotBits * slot);
  const shifted = mod(plaintext + bias, key.n);
  return Array.from({ length: slotCount }, (_, slot) =>
    clampTo(((shifted >> BigInt(slotBits * slot)) & mask) - half, slotClamp(slotBits)),
  );
}

function clampTo(value: bigint, bound: bigint): bigint {
  return value < -bound ? -bound : value > bound ? bound : value;
}
