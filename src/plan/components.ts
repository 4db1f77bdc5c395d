/**
 * What a measurement contributes: the product of its components. Each component is `arity` ciphertexts
 * with one proof that their plaintexts are a member of a public set of tuples. The set comes from the
 * plan alone, never from an envelope (docs/PROTOCOL.md, "Measurements are sums of small sets").
 */
import type { TupleSet } from '../math/tuple-set.js';
import type { Measurement } from './plan.js';

/** Width of a slot in bits: one plaintext carries many counters side by side. */
export const SLOT_BITS = 48n;

/** A measurement with everything derived from it. */
export interface CompiledMeasurement {
  readonly measurement: Measurement;
  readonly components: readonly TupleSet[];
  /** What slot i of the plaintext counts: the published `value` attribute. */
  readonly slots: readonly string[];
}

/** Name of the slot for undeclared values of a category with `other`. */
export const OTHER = 'other';

export function compileMeasurement(measurement: Measurement): CompiledMeasurement {
  const slots = slotNames(measurement);
  const tuples = [0n, ...slots.map((_, slot) => slotUnit(slot))].map((member) => [member]);
  return { measurement, slots, components: [{ arity: 1, tuples }] };
}

/** The plaintext that adds one to a slot. */
export function slotUnit(slot: number): bigint {
  return 1n << (SLOT_BITS * BigInt(slot));
}

function slotNames(measurement: Measurement): string[] {
  switch (measurement.kind) {
    case 'flag':
      return ['true', 'false'];
    case 'category':
      return measurement.other === true ? [...measurement.values, OTHER] : [...measurement.values];
  }
}
