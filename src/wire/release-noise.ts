/**
 * The noise of a release: one independent draw a slot, scaled to how far one span can move that slot. Both
 * servers take it from here, so that either one's noise alone meets the plan's epsilon.
 */
import type { Rational } from '../math/rational.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { scaleFor } from '../privacy/calibration.js';

/** Per slot: bound / epsilon. Slots of counts share their epsilon, because one span changes one of them. */
export function noiseScales({ slotDetails }: CompiledMeasurement): Rational[] {
  return slotDetails.map(({ bound, epsilon }) => scaleFor(bound, epsilon));
}
