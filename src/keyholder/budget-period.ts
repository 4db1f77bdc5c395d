/** Budget periods in UTC: the hour, the day, or the week from Monday that holds a moment. */
import type { Period } from '../plan/plan.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** 1970-01-05, the first Monday after the epoch. */
const FIRST_MONDAY = 4 * DAY;

/** Start, in Unix seconds, of the period that holds this Unix second; never before the epoch. */
export function periodStartOf(period: Period, unixSeconds: number): number {
  switch (period) {
    case 'hour':
      return Math.floor(unixSeconds / HOUR) * HOUR;
    case 'day':
      return Math.floor(unixSeconds / DAY) * DAY;
    case 'week':
      return Math.max(0, Math.floor((unixSeconds - FIRST_MONDAY) / WEEK) * WEEK + FIRST_MONDAY);
  }
}
