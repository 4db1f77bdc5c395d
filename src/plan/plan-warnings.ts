/** True statements about a valid plan that a careful author wants to read. */
import { approximate } from '../math/rational.js';
import { OTHER_KEY } from './labels.js';
import type { Plan } from './plan.js';
import type { PlanIssue } from './plan-issue.js';
import { periodEpsilon, streamsEpsilon, windowEpsilon } from './plan-cost.js';

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
  if (plan.privacy.noise === 'both' && plan.keys.length > 1) {
    warnings.push({
      path: 'keys',
      message:
        'has several: the receiver adds its noise under the first alone, so what is contributed under the others reaches the key holder without it; drop them as soon as no application seals under them',
    });
  }
  plan.reports.forEach((report, r) => {
    if (report.selectionEpsilon === undefined) return;
    warnings.push({
      path: `reports[${String(r)}].labels`,
      message: `have an open one: its keys travel in clear, and which of them are published is chosen once in every ${plan.privacy.period}, at its end; the others are published together as ${OTHER_KEY}`,
    });
  });
  if (plan.reports.some(({ selectionEpsilon }) => selectionEpsilon !== undefined) && plan.window.lagSeconds < 120) {
    warnings.push({
      path: 'window.lagSeconds',
      message:
        'is below 120: choosing among many keys takes longer, and then the time of publication tells how many there were',
    });
  }
  warnings.push({ path: 'privacy', message: describeCost(plan) });
  return warnings;
}

function describeCost(plan: Plan): string {
  const { unit, epsilon, period } = plan.privacy;
  const reserved = approximate(periodEpsilon(plan));
  const spent = approximate(windowEpsilon(plan));
  const available = approximate(streamsEpsilon(plan.privacy));
  if (spent === 0) {
    return `a ${period} costs epsilon ${String(reserved)} (${unit}) of ${epsilon}, however many windows are released`;
  }
  const windows = Math.floor((available - reserved) / spent);
  return `a window costs epsilon ${String(spent)} (${unit}, sequential); the budget of ${epsilon} a ${period} pays for ${String(windows)} windows of ${String(plan.window.seconds)} s, later ones are suppressed`;
}
