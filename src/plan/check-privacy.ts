/** Rules of a plan's privacy section: bounds that bound, noise that has its delta, a budget that pays. */
import {
  addRational,
  approximate,
  compareRational,
  parseRational,
  rational,
  ZERO,
  type Rational,
} from '../math/rational.js';
import { windowsPerPeriod } from './budget-period.js';
import type { Measurement, Plan, PlanPrivacy } from './plan.js';
import type { PlanIssue } from './plan-issue.js';
import { periodEpsilon, streamsEpsilon, windowEpsilon } from './plan-cost.js';

/** Above it a promise with probability 1 - delta is worth little to a large population. */
const MAX_DELTA = parseRational('0.00001');
/** Windows of a period that a running total is made for: what a receiver multiplies grows with them. */
const MAX_TOTAL_WINDOWS = 1440;
/** A factor of 22,026 on the odds of any guess about a subject. */
const MAX_SUBJECT_EPSILON = parseRational('10');
const ONE = rational(1n, 1n);

export function checkPrivacy(plan: Plan): PlanIssue[] {
  return [...checkBudget(plan), ...checkBounds(plan), ...checkNoise(plan), ...checkTotals(plan), ...checkCosts(plan)];
}

function checkBudget({ privacy }: Plan): PlanIssue[] {
  const { shares } = privacy;
  const budget = checkEpsilon(privacy);
  if (shares === undefined) return budget;
  const parts = [shares.streams, shares.queries, shares.segments].map(parseRational);
  const isTooMuch = compareRational(parts.reduce(addRational, ZERO), ONE) > 0;
  return isTooMuch
    ? [...budget, { path: 'privacy.shares', message: 'add up to more than 1: they are parts of one budget, lower one' }]
    : budget;
}

/** A budget of events is spent by many windows, of which one event is in one; a budget of subjects is what one of them loses. */
function checkEpsilon({ unit, epsilon }: PlanPrivacy): PlanIssue[] {
  const path = 'privacy.epsilon';
  const value = parseRational(epsilon);
  if (compareRational(value, ZERO) === 0) {
    return [{ path, message: 'is 0: nothing could ever be released, declare a positive budget' }];
  }
  const isTooMuch = unit === 'user-period' && compareRational(value, MAX_SUBJECT_EPSILON) > 0;
  return isTooMuch ? [{ path, message: 'is above 10 for one subject: that protects nobody, lower it' }] : [];
}

function checkBounds({ privacy, labels }: Plan): PlanIssue[] {
  const { unit, bounds, sliding } = privacy;
  const path = 'privacy.bounds';
  if (unit === 'event') {
    return bounds === undefined
      ? []
      : [{ path, message: 'belong to the unit "user-period": set privacy.unit to it, or remove them' }];
  }
  if (bounds === undefined) {
    return [
      {
        path,
        message: 'are missing: without them one subject could move totals without limit, declare subject and visits',
      },
    ];
  }
  const issues: PlanIssue[] = [];
  if ((bounds.visitsPerWindow ?? 1) > bounds.visits) {
    issues.push({ path: `${path}.visitsPerWindow`, message: 'is above visits: lower it, or remove it' });
  }
  if (labels.some(({ key }) => key === bounds.subject)) {
    issues.push({ path: `${path}.subject`, message: 'is also a label, which travels in clear: choose one' });
  }
  if (sliding === true) {
    const message = 'is for the unit "event": bounds of subjects start anew with each calendar period, remove it';
    issues.push({ path: 'privacy.sliding', message });
  }
  return issues;
}

function checkNoise({ privacy: { mechanism, delta = '0' } }: Plan): PlanIssue[] {
  const path = 'privacy.delta';
  const value = parseRational(delta);
  if (compareRational(value, MAX_DELTA) > 0) {
    return [{ path, message: 'is above 0.00001: choose at most a tenth of one over the people measured' }];
  }
  return mechanism === 'discrete-gaussian' && compareRational(value, ZERO) === 0
    ? [
        {
          path,
          message: 'is 0, which discrete Gaussian noise cannot keep: declare "0.000001", or use discrete Laplace',
        },
      ]
    : [];
}

function checkTotals(plan: Plan): PlanIssue[] {
  return plan.reports.flatMap(({ measurements }, r) =>
    measurements.flatMap((measurement, m) =>
      measurement.release === 'total'
        ? checkTotal(plan, measurement, `reports[${String(r)}].measurements[${String(m)}]`)
        : [],
    ),
  );
}

function checkTotal(plan: Plan, measurement: Measurement, path: string): PlanIssue[] {
  const windows = windowsPerPeriod(plan);
  const issues: PlanIssue[] = [];
  if (plan.privacy.mechanism !== 'discrete-gaussian') {
    const message = 'is "total", which needs privacy.mechanism "discrete-gaussian": declare it with a delta';
    issues.push({ path: `${path}.release`, message });
  }
  if (windows > MAX_TOTAL_WINDOWS) {
    const message = `is "total" over ${String(windows)} windows a ${plan.privacy.period}, more than ${String(MAX_TOTAL_WINDOWS)}: use longer windows`;
    issues.push({ path: `${path}.release`, message });
  }
  if (measurement.minimum !== undefined) {
    issues.push({ path: `${path}.minimum`, message: 'is for single windows, not for running totals: remove it' });
  }
  return issues;
}

/** What a period reserves, and one window costs beside it, fit the share of the budget that pays for them. */
function checkCosts(plan: Plan): PlanIssue[] {
  const available = streamsEpsilon(plan.privacy);
  const reserved = periodEpsilon(plan);
  if (compareRational(reserved, available) > 0) {
    const message = `pays for less than a period of the measurements, which costs ${short(reserved)} of ${short(available)} for streams: raise it, or lower theirs`;
    return [{ path: 'privacy.epsilon', message }];
  }
  const window = windowEpsilon(plan);
  if (compareRational(addRational(reserved, window), available) <= 0) return [];
  const message = `have more cells than one window can release, which costs ${short(addRational(reserved, window))} of ${short(available)}: use fewer labels, or lower the measurements' epsilon`;
  return [{ path: 'reports', message }];
}

function short(value: Rational): string {
  return String(Number(approximate(value).toPrecision(6)));
}
