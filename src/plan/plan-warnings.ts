/** True statements about a valid plan that a careful author wants to read. */
import { addRational, approximate, parseRational, ZERO, type Rational } from '../math/rational.js';
import { labelCombinations } from './check-structure.js';
import type { Plan } from './plan.js';
import type { PlanIssue } from './plan-issue.js';
import { releaseEpsilon } from './slots.js';

export function warnAbout(plan: Plan): PlanIssue[] {
  const warnings: PlanIssue[] = [];
  if (plan.window.seconds < 10) {
    warnings.push({
      path: 'window.seconds',
      message: 'is below 10: for demonstrations only, noise outweighs such short windows',
    });
  }
  if (plan.window.graceSeconds < 30) {
    warnings.push({
      path: 'window.graceSeconds',
      message: 'is below 30: contributions delayed on their way are rejected as late',
    });
  }
  if (plan.privacy.noise === 'keyholder') {
    warnings.push({
      path: 'privacy.noise',
      message: 'is "keyholder": the key holder sees exact totals before it adds noise',
    });
  }
  const spent = approximate(windowEpsilon(plan));
  const windows = approximate(parseRational(plan.privacy.epsilon)) / spent;
  warnings.push({
    path: 'privacy',
    message: `a window costs epsilon ${String(spent)} (event, sequential); the budget of ${plan.privacy.epsilon} a ${plan.privacy.period} pays for ${String(Math.floor(windows))} windows of ${String(plan.window.seconds)} s, later ones are suppressed`,
  });
  return warnings;
}

/** What one window debits: every declared cell of every report. */
function windowEpsilon(plan: Plan): Rational {
  return plan.reports
    .flatMap((report) =>
      report.measurements.flatMap((measurement) =>
        new Array<Rational>(labelCombinations(plan, report)).fill(releaseEpsilon(measurement)),
      ),
    )
    .reduce(addRational, ZERO);
}
