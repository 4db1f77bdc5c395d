/**
 * Whether a plan's delta is small enough for the people it measures. Delta is the chance with which epsilon does not
 * hold, for each of them: it has to stay below a tenth of one over their number (docs/DATA_MODEL.md, `privacy.delta`).
 */
import { approximate, parseRational } from '../math/rational.js';
import type { Plan } from '../plan/plan.js';
import type { PlanIssue } from '../plan/plan-issue.js';
import type { Population } from './forecast.js';

/** Units among which one may be let down once in ten periods at most. */
const MARGIN = 10;

/** `undefined` where delta is small enough. Units are users, or with the unit `event` their visits. */
export function deltaIssue({ privacy }: Plan, { usersPerDay, visitsPerUser }: Population): PlanIssue | undefined {
  const units = privacy.unit === 'event' ? usersPerDay * visitsPerUser : usersPerDay;
  const most = 1 / (MARGIN * units);
  const { delta = '0' } = privacy;
  if (approximate(parseRational(delta)) <= most) return undefined;
  const who = `${String(units)} ${privacy.unit === 'event' ? 'visits' : 'users'} a day`;
  const message = `is ${delta}, more than a tenth of one over ${who}: lower it to ${decimalBelow(most)}`;
  return { path: 'privacy.delta', message };
}

/** The power of ten next below, as plans have it. */
function decimalBelow(value: number): string {
  const places = Math.ceil(-Math.log10(value));
  return `"0.${'0'.repeat(places - 1)}1"`;
}
