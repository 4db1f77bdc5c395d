/**
 * What a measurement contributes: the product of its components. Each component is `arity` ciphertexts
 * with one proof that their plaintexts are a member of a public set of tuples. The set comes from the
 * plan alone, never from an envelope (docs/PROTOCOL.md, "Measurements are sums of small sets").
 *
 * All components of a measurement share one plaintext, cut into slots that count side by side.
 */
import { radixComponents } from '../math/radix.js';
import type { TupleSet } from '../math/tuple-set.js';
import { packSlots, type SlotBits } from '../paillier/slots.js';
import { attributesOf, type Measurement } from './plan.js';
import { slotsOf, type Slot } from './slots.js';

/** A measurement with everything derived from it. */
export interface CompiledMeasurement {
  readonly measurement: Measurement;
  /** Keys of its attributes, in the order of values to classify. */
  readonly attributes: readonly string[];
  readonly components: readonly TupleSet[];
  /** Names of the slots: the published `value` attribute. */
  readonly slots: readonly string[];
  /** What each slot counts and how much one event can change it. */
  readonly slotDetails: readonly Slot[];
  /** Width of a slot in bits. */
  readonly slotBits: SlotBits;
}

export function compileMeasurement(measurement: Measurement): CompiledMeasurement {
  const slotDetails = slotsOf(measurement);
  const slotBits = measurement.kind === 'sum' ? 128 : 48;
  return {
    measurement,
    attributes: attributesOf(measurement),
    components: componentsOf(measurement, slotDetails, slotBits),
    slots: slotDetails.map(({ name }) => name),
    slotDetails,
    slotBits,
  };
}

function componentsOf(measurement: Measurement, slots: readonly Slot[], slotBits: SlotBits): TupleSet[] {
  switch (measurement.kind) {
    case 'flag':
    case 'category':
    case 'histogram':
      return [setOf([0n, ...slots.map((_, slot) => 1n << BigInt(slotBits * slot))])];
    case 'sum':
      return [...radixComponents(slots[0]?.bound ?? 1n), [0n, 1n << BigInt(slotBits)]].map(setOf);
    case 'product':
      return [setOf(productMembers(measurement.factors, slotBits))];
  }
}

/** Every (x, y, x y) packed, and "absent", which is (0, 0, 0). */
function productMembers(factors: readonly { min: number; max: number }[], slotBits: SlotBits): bigint[] {
  const [x = [], y = []] = factors.map(({ min, max }) =>
    Array.from({ length: max - min + 1 }, (_, step) => BigInt(min + step)),
  );
  const members = x.flatMap((a) => y.map((b) => packSlots([a, b, a * b], slotBits)));
  return [...new Set([0n, ...members])].sort((a, b) => (a < b ? -1 : 1));
}

function setOf(members: readonly bigint[]): TupleSet {
  return { arity: 1, tuples: members.map((member) => [member]) };
}
