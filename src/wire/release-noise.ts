/**
 * The noise of a release: one independent draw a slot, scaled to how far one unit of the plan's privacy can move
 * that slot. Both servers take it from here, so that either one's noise alone keeps what the plan promises.
 *
 * Why the parameters are right. Let s(w, c, k) be what one unit adds to slot k of cell c in window w.
 * Counts: each span of the unit adds 1 to one slot of one cell of its window, so the sum of s over all of them is at
 * most the number of spans, and the sum of s^2 over the slots and cells of a window at most the square of the spans
 * in it, with equality where all fall into the same slot. Both hold for all slots together: they share one epsilon.
 * Sums and products: one span changes several slots, each by at most its bound; the same holds slot by slot, and the
 * slots' costs add up. Spans may depend on what was published before: the bounds hold whatever they are.
 * Running totals: the same, with what one unit changes in all totals of a period (total-sensitivity.ts).
 */
import { TelemetryKitError } from '../errors.js';
import { divideRational, multiplyRational, parseRational, rational, type Rational } from '../math/rational.js';
import { slotClamp } from '../paillier/slots.js';
import type { CompiledMeasurement } from '../plan/components.js';
import type { Measurement, Plan, PlanPrivacy } from '../plan/plan.js';
import { sensitivityOf, type ContributionTerms } from '../plan/sensitivity.js';
import { gaussianOfRho, laplaceFor } from '../privacy/calibration.js';
import type { DiscreteGaussian, Mechanism } from '../privacy/mechanism.js';
import { addCosts, mechanismCost, NO_COST, type PrivacyCost } from '../privacy/privacy-cost.js';
import { epsilonOfRho, maxRho } from '../privacy/zcdp-conversion.js';
import { totalSensitivity } from './total-sensitivity.js';

/**
 * Per slot. Laplace: scale l1 / epsilon. Gaussian: the slot's part of the budget's rho, variance l2^2 / (2 rho). Throws
 * `invalid_plan` for running totals under Laplace noise, and for noise that would not fit its slot.
 */
export function noiseOf(plan: Plan, compiled: CompiledMeasurement): Mechanism[] {
  const { privacy } = plan;
  const { slotDetails } = compiled;
  if (privacy.mechanism !== 'discrete-gaussian') {
    if (isTotal(compiled.measurement)) throw needsGaussian(compiled);
    return slotDetails.map(({ bound, epsilon }) => laplaceFor(sensitivityOf(privacy, bound), epsilon));
  }
  const perEpsilon = divideRational(budgetRho(privacy), parseRational(privacy.epsilon));
  return slotDetails.map(({ bound, epsilon }) => {
    const squared = squaredSensitivity(plan, bound, isTotal(compiled.measurement));
    const noise = gaussianOfRho(squared, multiplyRational(perEpsilon, epsilon));
    assertFits(compiled, noise);
    return noise;
  });
}

/**
 * What the noise of a measurement costs: unit `event`, one release of one cell; unit `user-period`, and running totals,
 * all of its cells in all windows of a period, whichever of them one unit touches. Processes that do not share their
 * contribution store let one subject contribute once each, to the same cells: L1 grows with their number, L2 with it
 * as well.
 */
export function releaseCost(plan: Plan, measurement: CompiledMeasurement): PrivacyCost {
  const costs = noiseOf(plan, measurement).map((noise, slot) =>
    slotCost(plan, { noise, bound: measurement.slotDetails[slot]?.bound ?? 1n }, isTotal(measurement.measurement)),
  );
  const [first = NO_COST] = costs;
  return slotsChangedBySpan(measurement.measurement) === 'all' ? costs.reduce(addCosts, NO_COST) : first;
}

/** Slots that one span changes: their costs add up where it changes all. */
export function slotsChangedBySpan({ kind }: Pick<Measurement, 'kind'>): 'one' | 'all' {
  return kind === 'sum' || kind === 'product' ? 'all' : 'one';
}

/**
 * The epsilon of that cost: its own, or under Gaussian noise what its rho gives at the plan's delta. Of one
 * measurement alone; the epsilons of several do not add up under Gaussian noise, their rhos do.
 */
export function releaseLoss(plan: Plan, measurement: CompiledMeasurement): Rational {
  const { epsilon, rho } = releaseCost(plan, measurement);
  return epsilon ?? epsilonOfRho(rho, plan.privacy.delta ?? '0');
}

/** A released integer: its noise, and the most that one span adds to it. */
export interface NoisedSlot {
  readonly noise: Mechanism;
  readonly bound: bigint;
}

/**
 * What one slot costs, in all windows or totals that one unit touches. Laplace noise of scale t on changes s has
 * rho = sum of s^2 / (2 t^2): every window is (s / t, 0) by itself. Throws `invalid_argument` where noise or bound is 0.
 */
export function slotCost(terms: ContributionTerms, { noise, bound }: NoisedSlot, ofTotals: boolean): PrivacyCost {
  const processes = BigInt(terms.privacy.bounds?.processes ?? 1);
  const { l1 } = sensitivityOf(terms.privacy, bound);
  const l2Squared = processes * processes * squaredSensitivity(terms, bound, ofTotals);
  const cost = mechanismCost(noise, { l1: processes * l1, l2Squared });
  if (noise.kind === 'discrete-gaussian') return cost;
  const { numerator: t, denominator: d } = noise.scale;
  return { ...cost, rho: rational(l2Squared * d * d, 2n * t * t) };
}

/** Of what one unit changes in all windows or totals of a period; `bound`: the most that one span adds to the slot. */
function squaredSensitivity(terms: ContributionTerms, bound: bigint, ofTotals: boolean): bigint {
  return ofTotals ? bound * bound * totalSensitivity(terms) : sensitivityOf(terms.privacy, bound).l2Squared;
}

function isTotal({ release }: Measurement): boolean {
  return release === 'total';
}

/** So many standard deviations never occur. */
const STDDEVS = 64n;

function assertFits({ measurement, slotBits }: CompiledMeasurement, { variance }: DiscreteGaussian): void {
  const most = slotClamp(slotBits);
  if (STDDEVS * STDDEVS * variance.numerator <= most * most * variance.denominator) return;
  throw new TelemetryKitError('invalid_plan', `the noise of measurement ${measurement.name} does not fit its slot`, {
    fix: 'lower its max, use a coarser scale, lower visits, or raise its epsilon',
  });
}

function needsGaussian({ measurement }: CompiledMeasurement): TelemetryKitError {
  return new TelemetryKitError('invalid_plan', `the running total ${measurement.name} has no Gaussian noise`, {
    fix: 'declare privacy.mechanism "discrete-gaussian" with a delta',
  });
}

/**
 * The rho of the plan's epsilon and delta in a period: a bisection, some tenths of a millisecond. Throws
 * `invalid_argument` where delta is 0.
 */
export function budgetRho({ epsilon, delta = '0' }: PlanPrivacy): Rational {
  return maxRho(epsilon, delta);
}
