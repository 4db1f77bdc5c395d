import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../src/plan/check.js';
import { approximate, formatRational } from '../../src/math/rational.js';
import type { PlanPrivacy } from '../../src/plan/plan.js';
import { periodEpsilon, streamsEpsilon, windowEpsilon } from '../../src/plan/plan-cost.js';
import { sensitivityOf, touchedWindows } from '../../src/plan/sensitivity.js';
import { testPlan, testPlanDocument } from '../support/plans.js';

const event = testPlanDocument().privacy;
const bounds = { subject: 'user.id', visits: 5 };
const personal: PlanPrivacy = { ...event, unit: 'user-period', epsilon: '10', bounds };

function issuesOf(privacy: Partial<PlanPrivacy>, overrides: object = {}): readonly string[] {
  const { issues } = checkPlan({ ...testPlanDocument(), privacy: { ...personal, ...privacy }, ...overrides });
  return issues.map(({ path }) => path);
}

describe('bounds of a subject', () => {
  it('are accepted, with everything they may say', () => {
    expect(issuesOf({ bounds: { ...bounds, visitsPerWindow: 2, processes: 2 } })).toEqual([]);
  });

  it.each([
    [{ bounds: { ...bounds, visitsPerWindow: 6 } }, ['privacy.bounds.visitsPerWindow']],
    [{ bounds: { ...bounds, subject: 'region' } }, ['privacy.bounds.subject']],
    [{ bounds: { ...bounds, visits: 0 } }, ['privacy.bounds.visits']],
    [{ sliding: true }, ['privacy.sliding']],
    [{ epsilon: '10.5' }, ['privacy.epsilon']],
    [{ delta: '0.0001' }, ['privacy.delta']],
    [{ bounds: undefined as never }, ['privacy.bounds']],
  ])('%j is refused', (privacy, paths) => {
    const labels = [{ key: 'region', values: ['eu'], otherwise: 'eu' }];
    const reports = testPlanDocument().reports.map((report) => ({ ...report, labels: ['region'] }));
    expect(issuesOf(privacy, { labels, reports })).toEqual(paths);
  });
});

describe('the sensitivity of a slot', () => {
  it('is its bound for one event', () => {
    expect(touchedWindows(event)).toEqual([1]);
    expect(sensitivityOf(event, 7n)).toEqual({ l1: 7n, l2Squared: 49n });
  });

  it.each([
    [undefined, [5], 15n, 9n * 25n],
    [2, [2, 2, 1], 15n, 9n * 9n],
    [1, [1, 1, 1, 1, 1], 15n, 9n * 5n],
  ])('with at most %s visits a window touches %j', (visitsPerWindow, touched, l1, l2Squared) => {
    const own = { ...personal, bounds: visitsPerWindow === undefined ? bounds : { ...bounds, visitsPerWindow } };
    expect(touchedWindows(own)).toEqual(touched);
    expect(sensitivityOf(own, 3n)).toEqual({ l1, l2Squared });
  });
});

describe('what a plan costs', () => {
  const measurements = testPlan().plan.reports.flatMap((report) => report.measurements);

  it('for events is paid by each window', () => {
    const { plan } = testPlan();
    expect(approximate(periodEpsilon(plan))).toBe(0);
    expect(approximate(windowEpsilon(plan))).toBe(measurements.length * 3);
  });

  it('for people is paid once a period, whatever the labels and windows', () => {
    const { plan } = testPlan({ privacy: personal });
    expect(approximate(windowEpsilon(plan))).toBe(0);
    expect(approximate(periodEpsilon(plan))).toBe(measurements.length);
  });

  it('grows with processes, for Gaussian noise with their square', () => {
    const shared = { ...personal, bounds: { ...bounds, processes: 2 } };
    expect(approximate(periodEpsilon(testPlan({ privacy: shared }).plan))).toBe(2 * measurements.length);
    const gaussian: PlanPrivacy = { ...shared, mechanism: 'discrete-gaussian', delta: '0.000001' };
    expect(approximate(periodEpsilon(testPlan({ privacy: gaussian }).plan))).toBe(4 * measurements.length);
    expect(issuesOf({ bounds: { ...bounds, processes: 100 } })).toEqual(['privacy.epsilon']);
  });

  it('must fit the share of the streams', () => {
    const shares = { streams: '0.5', queries: '0.25', segments: '0.25' };
    expect(formatRational(streamsEpsilon({ ...personal, epsilon: '3', shares }))).toBe('3/2');
    expect(issuesOf({ epsilon: '3' })).toEqual([]);
    expect(issuesOf({ epsilon: '3', shares })).toEqual(['privacy.epsilon']);
  });

  it('of a running total is paid once a period also for events', () => {
    const [report] = testPlanDocument().reports;
    const reports = [
      { ...report!, measurements: report!.measurements.map((each) => ({ ...each, release: 'total' as const })) },
    ];
    const privacy: PlanPrivacy = { ...event, mechanism: 'discrete-gaussian', delta: '0.000001' };
    const { plan } = testPlan({ privacy, reports });
    expect(approximate(periodEpsilon(plan))).toBe(measurements.length);
    expect(approximate(windowEpsilon(plan))).toBe(0);
  });
});
