/**
 * How running totals are shown: as decoded, a sum in the unit of its attribute. The noise in a total is a weighted sum
 * of the noises of all releases so far, so its standard deviation depends on how many there were; it is as good as
 * normal, but for the step of a single release.
 */
import type { DecodedTotal } from '../aggregation/store.js';
import { decimalToNumber, parseDecimal } from '../math/decimal.js';
import type { CompiledMeasurement } from '../plan/components.js';
import type { Plan, SumMeasurement } from '../plan/plan.js';
import { SUM_COUNT } from '../plan/slots.js';
import { noiseLaw, squareRootCoefficients } from '../privacy/index.js';
import { noiseOf } from '../wire/release-noise.js';
import type { PublishedSlot } from './published-slots.js';

/** An amount with what is known about it. */
export interface TotalSlot extends Pick<PublishedSlot, 'series' | 'value' | 'isCount'> {
  readonly describe: (total: DecodedTotal) => {
    readonly amount: number;
    readonly stddev: number;
    readonly halfWidth95: number;
  };
}

/** Next above the 0.975 quantile of the normal distribution, 1.95996... */
const QUANTILE = 1.96;
/** What one unit of the newest release is in a total: its noise is a multiple of it. */
const STEP = 1 / Number(squareRootCoefficients(1)[0] ?? 1n);

/** One per published series and value of the measurement. */
export function publishedTotals(plan: Plan, compiled: CompiledMeasurement): TotalSlot[] {
  const { measurement, slots } = compiled;
  const servers = plan.privacy.noise === 'both' ? 2 : 1;
  const deviations = noiseOf(plan, compiled).map((noise) => Math.sqrt(noiseLaw(noise, servers).variance));
  if (measurement.kind === 'sum') return sumTotals(measurement, slots, deviations);
  return slots.map((value, slot) => ({
    series: 'own',
    value,
    isCount: true,
    describe: combination(unitOf(slot), deviations),
  }));
}

function sumTotals(
  { min, scale }: SumMeasurement,
  slots: readonly string[],
  deviations: readonly number[],
): TotalSlot[] {
  const [least, step] = [min, scale].map((text) => decimalToNumber(parseDecimal(text))) as [number, number];
  const count = slots.indexOf(SUM_COUNT);
  const inUnits = slots.map((_, slot) => (slot === count ? least : step));
  return [
    { series: 'own', value: undefined, isCount: false, describe: combination(inUnits, deviations) },
    { series: 'count', value: undefined, isCount: true, describe: combination(unitOf(count), deviations) },
  ];
}

/** The factors that pick one slot. */
function unitOf(slot: number): number[] {
  return [...new Array<number>(slot).fill(0), 1];
}

/** The sum of all slots, each times its factor. `deviations`: of all noise in one release of each slot. */
function combination(factors: readonly number[], deviations: readonly number[]): TotalSlot['describe'] {
  const ofOneRelease = Math.hypot(...factors.map((factor, slot) => factor * (deviations[slot] ?? 0)));
  const steps = factors.reduce((sum, factor) => sum + Math.abs(factor) * STEP, 0);
  return ({ amounts, varianceFactor }) => {
    const stddev = ofOneRelease * Math.sqrt(varianceFactor);
    const amount = factors.reduce((sum, factor, slot) => sum + factor * (amounts[slot] ?? 0), 0);
    return { amount, stddev, halfWidth95: QUANTILE * stddev + steps };
  };
}
