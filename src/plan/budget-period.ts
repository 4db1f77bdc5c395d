/** Budget periods in UTC: the hour, the day, or the week from Monday that holds a moment. */
import type { Period, Plan } from './plan.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** 1970-01-05, the first Monday after the epoch. */
const FIRST_MONDAY = 4 * DAY;

const LAYOUTS: Readonly<Record<Period, { readonly length: number; readonly origin: number }>> = {
  hour: { length: HOUR, origin: 0 },
  day: { length: DAY, origin: 0 },
  week: { length: WEEK, origin: FIRST_MONDAY },
};

/** Start, in Unix seconds, of the period that holds this Unix second; never before the epoch. */
export function periodStartOf(period: Period, unixSeconds: number): number {
  const { length, origin } = LAYOUTS[period];
  return Math.max(0, Math.floor((unixSeconds - origin) / length) * length + origin);
}

/** Unix seconds, [start, end), of the period that holds this one. */
export function periodOf(period: Period, unixSeconds: number): { readonly start: number; readonly end: number } {
  const { length, origin } = LAYOUTS[period];
  const end = (Math.floor((unixSeconds - origin) / length) + 1) * length + origin;
  return { start: periodStartOf(period, unixSeconds), end };
}

/** Windows of a budget period: a whole number, as the plan check makes sure. */
export function windowsPerPeriod({
  window,
  privacy,
}: {
  readonly window: Pick<Plan['window'], 'seconds'>;
  readonly privacy: Pick<Plan['privacy'], 'period'>;
}): number {
  return LAYOUTS[privacy.period].length / window.seconds;
}

/** Starts of every period that shares a second with [start, end), in order; at least one. */
export function periodsTouched(period: Period, start: number, end: number): number[] {
  const { length, origin } = LAYOUTS[period];
  const starts: number[] = [periodStartOf(period, start)];
  const first = Math.floor((start - origin) / length) * length + origin;
  for (let next = first + length; next < end; next += length) starts.push(next);
  return starts;
}
