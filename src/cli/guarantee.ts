/**
 * What a plan promises to whom: the loss of one privacy unit, of groups of units, over one budget period and over
 * many, by every accounting method side by side.
 *
 * Unit `event`: a span belongs to one report, one window and one combination of labels, so it is in one release of
 * each measurement of its report (parallel composition); the report in which it loses most counts. What the ledger
 * charges is more: every release, as if one span were in all of them.
 * Unit `user-period`: all that the bounds allow in a period, over all reports. Laplace noise loses no more than
 * randomised response of the same epsilon, Gaussian noise its rho.
 */
import {
  addRational,
  compareRational,
  multiplyRational,
  parseRational,
  rational,
  ZERO,
  type Rational,
} from '../math/rational.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { selectionDelta, selectionEpsilon } from '../plan/plan-cost.js';
import type { Plan } from '../plan/plan.js';
import { releaseEpsilon } from '../plan/slots.js';
import {
  approximateRelease,
  concentratedRelease,
  noisedRelease,
  PrivacyAccountant,
  type EpsilonReport,
  type RecordedRelease,
} from '../privacy/index.js';
import { noiseOf, releaseCost } from '../wire/release-noise.js';

export interface Guarantee {
  /** How many units lose this together. */
  readonly group: number;
  /** Over how many budget periods; 1 for the unit `event`, which is in one window only. */
  readonly periods: number;
  readonly loss: EpsilonReport;
}

/** Epsilons of plans without a delta are compared at one in a million. */
const USUAL_DELTA = '0.000001';
const GROUPS = [1, 2, 4];
/** A day and a year, a year and no shorter span of weeks. */
const SPANS = { hour: [24, 8760], day: [365], week: [52] } as const;

export function deltaOfPlan({ privacy: { delta = '0' } }: Plan): string {
  return parseRational(delta).numerator === 0n ? USUAL_DELTA : delta;
}

/** Of one unit and of small groups, in one period; of one unit in a day of hours, and in a year. */
export function guaranteesOf(compiled: CompiledPlan): Guarantee[] {
  const { plan } = compiled;
  const once = new PrivacyAccountant(lossesOf(compiled));
  const guarantees = GROUPS.map((group) => guarantee(plan, once.effectiveFor(group), group, 1));
  if (plan.privacy.unit === 'event') return guarantees;
  const spans = SPANS[plan.privacy.period].map((periods) => {
    const releases = once.releases.map((release) => ({ ...release, times: release.times * periods }));
    return guarantee(plan, new PrivacyAccountant(releases), 1, periods);
  });
  return [...guarantees, ...spans];
}

function guarantee(plan: Plan, accountant: PrivacyAccountant, group: number, periods: number): Guarantee {
  return { group, periods, loss: accountant.report(deltaOfPlan(plan)) };
}

/** What one unit takes part in: of an event once, of a subject in a period. */
function lossesOf({ plan, reports }: CompiledPlan): RecordedRelease[] {
  if (plan.privacy.unit === 'user-period') {
    return reports.flatMap((report) => [
      ...report.measurements.map((measurement) => boundedLoss(plan, measurement)),
      ...selectionLoss(plan, report),
    ]);
  }
  const [dearest] = [...reports].sort((a, b) => compareRational(reportEpsilon(b), reportEpsilon(a)));
  return dearest?.measurements.flatMap((measurement) => eventLosses(plan, measurement)) ?? [];
}

function reportEpsilon({ measurements }: CompiledReport): Rational {
  return measurements.map(({ measurement }) => releaseEpsilon(measurement)).reduce(addRational, ZERO);
}

function boundedLoss(plan: Plan, measurement: CompiledMeasurement): RecordedRelease {
  if (plan.privacy.mechanism === 'discrete-gaussian') return concentratedRelease(releaseCost(plan, measurement).rho);
  return approximateRelease(overProcesses(plan, releaseEpsilon(measurement.measurement)), '0');
}

/** One subject contributes once in each process that does not share its contribution store. */
function overProcesses({ privacy: { bounds } }: Plan, epsilon: Rational): Rational {
  return multiplyRational(epsilon, rational(BigInt(bounds?.processes ?? 1), 1n));
}

function selectionLoss(plan: Plan, { report }: CompiledReport): RecordedRelease[] {
  const epsilon = selectionEpsilon(report);
  return epsilon.numerator === 0n ? [] : [approximateRelease(overProcesses(plan, epsilon), selectionDelta(plan))];
}

/** A span changes one slot of a count, and every slot of a sum or product. */
function eventLosses(plan: Plan, measurement: CompiledMeasurement): RecordedRelease[] {
  const { kind, release } = measurement.measurement;
  if (release === 'total') return [concentratedRelease(releaseCost(plan, measurement).rho)];
  const noise = noiseOf(plan, measurement);
  const changed = kind === 'sum' || kind === 'product' ? noise : noise.slice(0, 1);
  return changed.map((mechanism, slot) => noisedRelease(mechanism, measurement.slotDetails[slot]?.bound ?? 1n));
}
