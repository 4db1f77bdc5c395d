/** A paragraph for a privacy policy: what differential privacy does and does not do, with the numbers of a plan. */
import { parseRational } from '../math/rational.js';
import type { Plan } from '../plan/plan.js';
import type { Guarantee } from './guarantee.js';
import { roundedUpTo } from './shown-loss.js';

export function policyText(plan: Plan, [own]: readonly Guarantee[]): string {
  const { privacy } = plan;
  const isPure = parseRational(privacy.delta ?? '0').numerator === 0n;
  // Without a delta only what holds always may be said.
  const epsilon = roundedUpTo((isPure ? own?.loss.basic : own?.loss.epsilon) ?? 0, 3);
  const factor = roundedUpTo(Math.exp(epsilon), 3);
  const { unit, period, bounds } = privacy;
  const whose =
    unit === 'event'
      ? 'any single event that you cause'
      : `everything that you contribute in a ${period}, of which at most ${String(bounds?.visits ?? 0)} visits to a report count`;
  return [
    `  We publish totals only, with random noise (differential privacy). Whatever anyone concludes from them, they`,
    `  would have concluded with a probability within a factor of ${String(factor)} (epsilon ${String(epsilon)}) without ${whose}${isPure ? '' : `, but for a chance of ${privacy.delta ?? '0'}`}.`,
    `  Your values are encrypted before they leave the application; no server sees one of them in clear. This does not`,
    `  hide that you use the application, nor what is true of our users as a whole.`,
  ].join('\n');
}
