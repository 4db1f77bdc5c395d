/**
 * How the slots of a measurement are shown. Counts and products as the integers they are; a sum in the unit
 * of its attribute: min * count + scale * steps, from two noised integers. Floating point begins here, after
 * the noise is final.
 */
import { decimalToNumber, parseDecimal } from '../math/decimal.js';
import type { CompiledMeasurement } from '../plan/components.js';
import type { Plan, SumMeasurement } from '../plan/plan.js';
import { SUM_COUNT } from '../plan/slots.js';
import { describeNoise, type Mechanism, type NoiseDescription, type NoiseServers } from '../privacy/index.js';
import { noiseOf } from '../wire/release-noise.js';

export interface PublishedSlot {
  /** Which series of the measurement: its own, or the one of its count. */
  readonly series: 'own' | 'count';
  /** The `value` attribute; `undefined` where the series needs none. */
  readonly value: string | undefined;
  /** Whether amounts are counts: integers that cannot be negative but for noise. */
  readonly isCount: boolean;
  /** Of all noise in the amount, in its unit. */
  readonly noise: NoiseDescription;
  /** From all noised slots of the measurement to what is shown. */
  readonly amount: (noised: readonly bigint[]) => number;
}

export function publishedSlots(plan: Plan, compiled: CompiledMeasurement): PublishedSlot[] {
  const { measurement, slots } = compiled;
  const servers: NoiseServers = plan.privacy.noise === 'both' ? 2 : 1;
  const mechanisms = noiseOf(plan, compiled);
  if (measurement.kind === 'sum') return sumSlots(measurement, compiled, mechanisms, servers);
  return mechanisms.map((mechanism, slot) => ({
    series: 'own',
    value: slots[slot],
    isCount: true,
    noise: describeNoise(mechanism, servers),
    // Exact: a slot is within 2^46 and noise far inside 2^53.
    amount: (noised) => Number(noised[slot] ?? 0n),
  }));
}

/** Each of the two noises of a sum stays within its own bound with this probability, so both do with 0.95. */
const EACH_OUTSIDE = 0.025;

function sumSlots(
  sum: SumMeasurement,
  compiled: CompiledMeasurement,
  mechanisms: readonly Mechanism[],
  servers: NoiseServers,
): PublishedSlot[] {
  const [min, step] = [sum.min, sum.scale].map((text) => decimalToNumber(parseDecimal(text))) as [number, number];
  const [steps, count] = mechanisms.map((mechanism) => ({
    all: describeNoise(mechanism, servers),
    each: describeNoise(mechanism, servers, min === 0 ? undefined : EACH_OUTSIDE),
  }));
  if (steps === undefined || count === undefined) return [];
  return [
    {
      series: 'own',
      value: undefined,
      isCount: false,
      noise: {
        stddev: Math.hypot(step * steps.all.stddev, min * count.all.stddev),
        halfWidth95: step * steps.each.halfWidth95 + Math.abs(min) * count.each.halfWidth95,
      },
      amount: ([total = 0n, counted = 0n]) => min * Number(counted) + step * Number(total),
    },
    {
      series: 'count',
      value: undefined,
      isCount: true,
      noise: count.all,
      amount: (noised) => Number(noised[compiled.slots.indexOf(SUM_COUNT)] ?? 0n),
    },
  ];
}
