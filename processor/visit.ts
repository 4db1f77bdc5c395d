/**
 * A visit: one span of a report as the contribution of a subject, and what becomes of it. SECRET: names the subject.
 */
import { periodOf, periodStartOf } from '../src/plan/budget-period.js';
import type { ContributionBounds, Plan } from '../src/plan/plan.js';
import type { OpenKey } from './open-key.js';

/** What a visit counts as. All but the first are sealed as absent, so that nothing outside shows which it was. */
export const VISIT_OUTCOMES = [
  'admitted',
  'exceeded', // beyond what one subject may contribute
  'no_subject', // the attribute is missing, or is no text and no finite number
  'out_of_period', // its period is over, or far ahead of the clock
  'too_many_subjects', // more than are told apart in one period
  'not_reserved', // the store did not answer in time, or lost its counters
] as const;
export type VisitOutcome = (typeof VISIT_OUTCOMES)[number];

/** One span, before it is known whether it counts. */
export interface Visitor {
  /** Value of the subject's attribute, as the application set it. */
  readonly subject: unknown;
  /** Name of the report. */
  readonly report: string;
  /** Unix seconds. */
  readonly windowStart: number;
  /** Of the report's open label, where the span has one. */
  readonly key?: OpenKey | undefined;
}

/** One that has a subject and a period. */
export interface Visit {
  readonly subject: string;
  /** Name of the report. */
  readonly report: string;
  /** Unix seconds. */
  readonly windowStart: number;
  /** Unix seconds: of the budget period that the window belongs to. */
  readonly periodStart: number;
}

/** Reads what is common to all ways of counting; `now` in Unix milliseconds. */
export function readVisit(
  { privacy: { period } }: Plan,
  { subject, report, windowStart }: Visitor,
  now: number,
): Visit | VisitOutcome {
  const text = subjectText(subject);
  if (text === undefined) return 'no_subject';
  const periodStart = periodStartOf(period, windowStart);
  // No later than the next period: a time that is wrong must not make today's period an old one. NaN is none.
  const isInTime = periodStart <= periodOf(period, now / 1000).end;
  return !isInTime ? 'out_of_period' : { subject: text, report, windowStart, periodStart };
}

/**
 * What tells one subject from another: a text that is not empty, exactly as it is, or a finite number by its usual
 * spelling, so that 7 and "7" are one subject. Anything else names nobody.
 */
export function subjectText(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** How many visits of a subject may fall into one window; `undefined` where the period's bound says it all. */
export function windowBound({ visits, visitsPerWindow = visits }: ContributionBounds): number | undefined {
  return visitsPerWindow < visits ? visitsPerWindow : undefined;
}
