/**
 * From attribute values to what a measurement counts. Total: every JavaScript value has one declared
 * outcome, and none throws.
 */
import { parseDecimal, stepsBetween } from '../math/decimal.js';
import { radixDigits } from '../math/radix.js';
import { packSlots } from '../paillier/slots.js';
import type { CompiledMeasurement } from './components.js';
import type { Measurement, ProductFactor, SumMeasurement } from './plan.js';
import { sumSteps } from './slots.js';

/** Why a value counts as what it does; counted locally in the application, never sent. */
export const VALUE_OUTCOMES = ['measured', 'other', 'clamped', 'absent', 'wrong_type', 'undeclared'] as const;
export type ValueOutcome = (typeof VALUE_OUTCOMES)[number];

export interface ClassifiedValue {
  readonly outcome: ValueOutcome;
  /** What is added to each slot; all zero where nothing is counted. */
  readonly increments: readonly bigint[];
}

/** `values` are those of the measurement's attributes, in order. */
export function classifyValue(compiled: CompiledMeasurement, values: readonly unknown[]): ClassifiedValue {
  const { measurement, slots } = compiled;
  if (values.length === 0 || values.some((value) => value === undefined || value === null)) {
    return { outcome: 'absent', increments: nothing(slots.length) };
  }
  const { outcome, increments } = classify(measurement, values, slots.length);
  return { outcome, increments: increments ?? nothing(slots.length) };
}

/** Positions of the tuples, one per component, whose sum is the packed increments. */
export function membersOf(compiled: CompiledMeasurement, increments: readonly bigint[]): number[] {
  const { measurement, components, slotBits } = compiled;
  if (measurement.kind === 'sum') {
    const [sum = 0n, count = 0n] = increments;
    return [...radixDigits(sumSteps(measurement), sum), Number(count)];
  }
  const packed = packSlots(increments, slotBits);
  return components.map(({ tuples }) => tuples.findIndex(([member]) => member === packed));
}

interface Outcome {
  readonly outcome: ValueOutcome;
  readonly increments?: readonly bigint[];
}

function classify(measurement: Measurement, values: readonly unknown[], slots: number): Outcome {
  const [value] = values;
  switch (measurement.kind) {
    case 'flag':
      if (typeof value !== 'boolean') return { outcome: 'wrong_type' };
      if (measurement.trueOnly === true) return { outcome: 'measured', increments: [value ? 1n : 0n] };
      return { outcome: 'measured', increments: one(value ? 0 : 1, slots) };
    case 'category': {
      if (typeof value !== 'string') return { outcome: 'wrong_type' };
      const index = measurement.values.indexOf(value);
      if (index >= 0) return { outcome: 'measured', increments: one(index, slots) };
      return measurement.other === true
        ? { outcome: 'other', increments: one(slots - 1, slots) }
        : { outcome: 'undeclared' };
    }
    case 'histogram': {
      if (!isNumber(value)) return { outcome: 'wrong_type' };
      const bucket = measurement.boundaries.findIndex((boundary) => value <= boundary);
      return { outcome: 'measured', increments: one(bucket < 0 ? slots - 1 : bucket, slots) };
    }
    case 'sum':
      return isNumber(value) ? classifySum(measurement, value) : { outcome: 'wrong_type' };
    case 'product':
      return classifyProduct(measurement.factors, values);
  }
}

/** m = round((x - min) / scale), clamped to [0, H] as the exact integers they are: doubles near a bound may lie. */
function classifySum(measurement: SumMeasurement, value: number): Outcome {
  const { min, scale } = measurement;
  const largest = sumSteps(measurement);
  if (!Number.isFinite(value)) return { outcome: 'clamped', increments: [value < 0 ? 0n : largest, 1n] };
  const steps = stepsBetween(parseDecimal(min), parseDecimal(String(value)), parseDecimal(scale));
  if (steps < 0n) return { outcome: 'clamped', increments: [0n, 1n] };
  return steps > largest
    ? { outcome: 'clamped', increments: [largest, 1n] }
    : { outcome: 'measured', increments: [steps, 1n] };
}

function classifyProduct(factors: readonly ProductFactor[], values: readonly unknown[]): Outcome {
  const numbers = values.map((value) => (typeof value === 'boolean' ? Number(value) : value));
  if (!numbers.every(isNumber)) return { outcome: 'wrong_type' };
  const clamped = numbers.map((value, index) => {
    const { min = 0, max = 0 } = factors[index] ?? {};
    return Math.min(max, Math.max(min, Math.round(value)));
  });
  const [x = 0n, y = 0n] = clamped.map(BigInt);
  const exact = clamped.every((value, index) => value === numbers[index]);
  return { outcome: exact ? 'measured' : 'clamped', increments: [x, y, x * y] };
}

/** NaN is no number; infinities are, and fall into the end buckets or are clamped. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}

function nothing(slots: number): bigint[] {
  return new Array<bigint>(slots).fill(0n);
}

function one(slot: number, slots: number): bigint[] {
  return Array.from({ length: slots }, (_, index) => (index === slot ? 1n : 0n));
}
