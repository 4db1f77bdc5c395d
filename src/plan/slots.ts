/**
 * Slots of a measurement: what each counts, how much one event can change it, and what releasing it costs.
 */
import { parseDecimal, stepsBetween } from '../math/decimal.js';
import { addRational, divideRational, parseRational, rational, type Rational } from '../math/rational.js';
import type { HistogramMeasurement, Measurement, SumMeasurement } from './plan.js';

export interface Slot {
  /** The published `value` attribute. */
  readonly name: string;
  /** Largest contribution of one span: the L1 sensitivity of this slot for one event. */
  readonly bound: bigint;
  /** Privacy loss of releasing this slot; the noise scale is bound / epsilon. */
  readonly epsilon: Rational;
}

/** Name of the slot for undeclared values of a category with `other`. */
export const OTHER = 'other';
/** Slots of a sum. */
const SUM_TOTAL = 'sum';
export const SUM_COUNT = 'count';

/** Largest m of a sum: (max - min) / scale. */
export function sumSteps({ min, max, scale }: SumMeasurement): bigint {
  return stepsBetween(parseDecimal(min), parseDecimal(max), parseDecimal(scale));
}

export function slotsOf(measurement: Measurement): Slot[] {
  const epsilon = parseRational(measurement.epsilon);
  const counts = (names: readonly string[]): Slot[] => names.map((name) => ({ name, bound: 1n, epsilon }));
  switch (measurement.kind) {
    case 'flag':
      return counts(measurement.trueOnly === true ? ['true'] : ['true', 'false']);
    case 'category':
      return counts(measurement.other === true ? [...measurement.values, OTHER] : measurement.values);
    case 'histogram':
      return counts(bucketNames(measurement));
    case 'sum':
      return [
        { name: SUM_TOTAL, bound: sumSteps(measurement), epsilon },
        { name: SUM_COUNT, bound: 1n, epsilon: parseRational(measurement.countEpsilon) },
      ];
    case 'product': {
      const [x = 0, y = 0] = measurement.factors.map(({ max }) => max);
      const share = divideRational(epsilon, rational(3n, 1n));
      return [
        { name: 'x', bound: BigInt(x), epsilon: share },
        { name: 'y', bound: BigInt(y), epsilon: share },
        { name: 'xy', bound: BigInt(x * y), epsilon: share },
      ];
    }
  }
}

/**
 * Privacy loss of releasing the whole measurement once. Slots of a count exclude each other, one event
 * changes one of them (parallel composition over slots); those of sums and products change together and add up.
 */
export function releaseEpsilon(measurement: Measurement): Rational {
  const epsilon = parseRational(measurement.epsilon);
  return measurement.kind === 'sum' ? addRational(epsilon, parseRational(measurement.countEpsilon)) : epsilon;
}

/** "(a, b]" with infinities at the ends. */
function bucketNames({ boundaries }: HistogramMeasurement): string[] {
  const ends = ['-inf', ...boundaries.map(String), '+inf'];
  return ends.slice(1).map((end, index) => `(${ends[index] ?? ''}, ${end}]`);
}
