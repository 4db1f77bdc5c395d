/**
 * How far one contribution can move a release: what both servers scale their noise to. Taken from the
 * plan's component sets alone, which the proofs enforce.
 */
import { SLOT_BITS, type CompiledMeasurement } from '../plan/components.js';

const SLOT_MASK = (1n << SLOT_BITS) - 1n;

/** Largest sum, over all slots, of what one contribution adds to the measurement (L1 sensitivity). */
export function contributionSensitivity({ components }: CompiledMeasurement): bigint {
  return components.reduce((sum, { tuples }) => sum + largest(tuples.map(slotTotal)), 0n);
}

function slotTotal(tuple: readonly bigint[]): bigint {
  return tuple.reduce((sum, member) => sum + totalOfSlots(member), 0n);
}

function totalOfSlots(plaintext: bigint): bigint {
  let total = 0n;
  for (let rest = plaintext; rest > 0n; rest >>= SLOT_BITS) total += rest & SLOT_MASK;
  return total;
}

function largest(values: readonly bigint[]): bigint {
  return values.reduce((best, value) => (value > best ? value : best), 0n);
}
