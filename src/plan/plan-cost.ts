/** What a plan's releases cost: of which budget, per window and per period. */
import {
  addRational,
  divideRational,
  multiplyRational,
  parseRational,
  rational,
  ZERO,
  type Rational,
} from '../math/rational.js';
import { labelCombinations } from './check-structure.js';
import type { Measurement, Plan, PlanPrivacy, Report } from './plan.js';
import { releaseEpsilon } from './slots.js';

/**
 * Whether the declared epsilon pays for a whole period at once: bounds of subjects and running totals hold over
 * the period, so their releases share one reservation. Otherwise each release pays for itself.
 */
export function isPaidPerPeriod({ unit }: PlanPrivacy, { release }: Measurement): boolean {
  return unit === 'user-period' || release === 'total';
}

/** The part of a period's epsilon that windows and totals may spend. */
export function streamsEpsilon({ epsilon, shares }: PlanPrivacy): Rational {
  const whole = parseRational(epsilon);
  return shares === undefined ? whole : multiplyRational(whole, parseRational(shares.streams));
}

/**
 * What all releases of a period cost together that are paid once. Processes that do not share their contribution
 * store each let one subject contribute: epsilon grows with their number, the rho of Gaussian noise with its square.
 */
export function periodEpsilon(plan: Plan): Rational {
  const { bounds, mechanism } = plan.privacy;
  const processes = BigInt(bounds?.processes ?? 1);
  const factor = mechanism === 'discrete-gaussian' ? processes * processes : processes;
  const measured = plan.reports
    .flatMap(({ measurements }) => measurements)
    .filter((measurement) => isPaidPerPeriod(plan.privacy, measurement))
    .map(releaseEpsilon);
  const sum = [...measured, ...plan.reports.map(selectionEpsilon)].reduce(addRational, ZERO);
  return multiplyRational(sum, rational(factor, 1n));
}

/** What choosing the keys of a report's open label costs a period; 0 without one. */
export function selectionEpsilon({ selectionEpsilon: epsilon }: Report): Rational {
  return epsilon === undefined ? ZERO : parseRational(epsilon);
}

/** Of each selection: the plan's delta in equal parts. */
export function selectionDelta({ privacy: { delta = '0' }, reports }: Plan): Rational {
  const selections = reports.filter((report) => report.selectionEpsilon !== undefined).length;
  return divideRational(parseRational(delta), rational(BigInt(Math.max(1, selections)), 1n));
}

/** What one window costs where each release pays for itself: every declared cell of every report. */
export function windowEpsilon(plan: Plan): Rational {
  return plan.reports
    .flatMap((report) =>
      report.measurements
        .filter((measurement) => !isPaidPerPeriod(plan.privacy, measurement))
        .map((measurement) =>
          multiplyRational(releaseEpsilon(measurement), rational(BigInt(labelCombinations(plan, report)), 1n)),
        ),
    )
    .reduce(addRational, ZERO);
}
