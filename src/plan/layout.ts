/**
 * What an envelope of a report carries, in order: the components of every measurement and, where the
 * measurement's slots exclude each other in a coalesced envelope, one proof of their total. Everything
 * follows from the plan and the span bound; nothing is read from an envelope.
 *
 * Per-span: the measurement's components as the plan has them, all folded into one accumulator.
 * Coalesced over at most N spans: per slot the digits of [0, N * bound], unshifted, one accumulator a slot;
 * for counts one slot more, "nothing", which is never folded, and the total of all slots is exactly N: so no
 * span can be counted in two slots.
 *
 * A report with an open label carries one part more, after its measurements: the unit count, 1 where the subject
 * has this key for the first time in the period, else 0.
 */
import { radixComponents, radixDigits } from '../math/radix.js';
import type { TupleSet } from '../math/tuple-set.js';
import type { CompiledReport } from './compile.js';
import type { CompiledMeasurement } from './components.js';
import { DEFAULT_SPAN_BOUNDS } from './plan.js';

/** Span bound of a per-span envelope. */
export const PER_SPAN_BOUND = 1;

interface LayoutComponent {
  readonly set: TupleSet;
  /** Which accumulator of its measurement it is folded into; `undefined`: none. */
  readonly accumulator: number | undefined;
}

export interface MeasurementLayout {
  readonly components: readonly LayoutComponent[];
  /** The product of all components encrypts exactly this; `undefined` where nothing is claimed. */
  readonly total: bigint | undefined;
}

const UNIT_COUNT: MeasurementLayout = {
  components: [{ set: { arity: 1, tuples: [[0n], [1n]] }, accumulator: 0 }],
  total: undefined,
};
/** Bits of the one slot that unit counts add up in. */
export const UNIT_COUNT_BITS = 48;

/** What a report's envelopes may say about how many spans they add up, smallest first. */
export function spanBoundsOf({ report }: CompiledReport): readonly number[] {
  return report.mode === 'per-span' ? [PER_SPAN_BOUND] : (report.spanBounds ?? DEFAULT_SPAN_BOUNDS);
}

/** `spanBound` must be one of `spanBoundsOf`. */
export function envelopeLayout(report: CompiledReport, spanBound: number): MeasurementLayout[] {
  const measurements =
    report.report.mode === 'per-span'
      ? report.measurements.map(perSpanLayout)
      : report.measurements.map((measurement) => coalescedLayout(measurement, BigInt(spanBound)));
  return report.openLabel === undefined ? measurements : [...measurements, UNIT_COUNT];
}

/** Where the unit count stands among the parts of an envelope. */
export function unitCountIndex({ measurements }: CompiledReport): number {
  return measurements.length;
}

/**
 * How many bits the plaintext of accumulator i is shifted by i times when accumulators are joined: 0 where a
 * measurement has one, the width of a slot where it has one a slot.
 */
export function slotShiftOf({ report }: CompiledReport, { slotBits }: CompiledMeasurement): number {
  return report.mode === 'per-span' ? 0 : slotBits;
}

/**
 * Positions of the tuples whose sums are these totals, one per component of the coalesced layout. Throws
 * `invalid_argument` where the totals do not fit `spanBound` spans.
 */
export function coalescedMembers(
  measurement: CompiledMeasurement,
  spanBound: number,
  totals: readonly bigint[],
): number[] {
  const spans = BigInt(spanBound);
  const slots = measurement.slotDetails.flatMap(({ bound }, slot) => radixDigits(spans * bound, totals[slot] ?? 0n));
  if (!hasExclusiveSlots(measurement)) return slots;
  const nothing = spans - totals.reduce((sum, total) => sum + total, 0n);
  return [...slots, ...radixDigits(spans, nothing)];
}

function perSpanLayout({ components }: CompiledMeasurement): MeasurementLayout {
  return { components: components.map((set) => ({ set, accumulator: 0 })), total: undefined };
}

function coalescedLayout(measurement: CompiledMeasurement, spans: bigint): MeasurementLayout {
  const slots = measurement.slotDetails.flatMap(({ bound }, slot) => digitsOf(spans * bound, slot));
  return hasExclusiveSlots(measurement)
    ? { components: [...slots, ...digitsOf(spans, undefined)], total: spans }
    : { components: slots, total: undefined };
}

function digitsOf(bound: bigint, accumulator: number | undefined): LayoutComponent[] {
  return radixComponents(bound).map((members) => ({
    set: { arity: 1, tuples: members.map((member) => [member]) },
    accumulator,
  }));
}

/** Whether one span adds to one slot at most, and there are several. */
function hasExclusiveSlots({ measurement, slots }: CompiledMeasurement): boolean {
  return measurement.kind !== 'sum' && measurement.kind !== 'product' && slots.length > 1;
}
