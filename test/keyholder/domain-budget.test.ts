/** One domain, several plans: no choice of plans, periods, windows or dates gives an event more than the limits. */
import { describe, expect, test } from 'vitest';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import type { Period, Plan } from '../../src/plan/plan.js';
import { testPlanDocument } from '../support/plans.js';
import { startService, type TestService, type TestServiceOptions } from '../support/release-service.js';
import { aggregateOf, cellOf, FIRST_WINDOW, planWith, requestFor } from '../support/releases.js';

const HOUR = 3600;
const DAY = 86_400;

interface Shape {
  readonly name: string;
  readonly seconds: number;
  readonly period: Period;
  readonly epsilon: string;
}

/** One flag at epsilon 1. Not through the plan check: the key holder must not rest on it. */
function planOfShape({ name, seconds, period, epsilon }: Shape, overrides: Partial<Plan> = {}): CompiledPlan {
  const base = testPlanDocument();
  const [report] = base.reports;
  const measurements = report!.measurements.slice(0, 1);
  return compilePlan({
    ...base,
    name,
    window: { ...base.window, seconds },
    privacy: { ...base.privacy, period, epsilon },
    labels: [],
    reports: [{ ...report!, labels: [], measurements }],
    ...overrides,
  });
}

async function ask({ service }: TestService, plan: CompiledPlan, windowStart: number): Promise<string> {
  const windowEnd = windowStart + plan.plan.window.seconds;
  const cells = [cellOf([aggregateOf([1n, 0n])], { labels: [] })];
  const [cell] = (await service.releaseWindow({ planHash: plan.hash, report: 0, windowStart, windowEnd, cells })).cells;
  return cell?.status === 'released' ? 'released' : `${cell?.status ?? ''} ${cell?.reason ?? ''}`;
}

const OVER_BUDGET = 'suppressed budget';

describe('a window longer than a period', () => {
  const daily = planOfShape({ name: 'daily', seconds: DAY, period: 'hour', epsilon: '1' });
  const hourly = planOfShape({ name: 'hourly', seconds: HOUR, period: 'hour', epsilon: '1' });
  const options = { plans: [daily, hourly], epsilonPerPeriod: '1000' };

  test('is debited in every hour it touches', async () => {
    const running = startService(options);
    expect(await ask(running, daily, FIRST_WINDOW)).toBe('released');
    for (const hour of [0, 5, 23]) expect(await ask(running, hourly, FIRST_WINDOW + hour * HOUR)).toBe(OVER_BUDGET);
    expect(await ask(running, hourly, FIRST_WINDOW + 24 * HOUR)).toBe('released');
    expect(await ask(running, hourly, FIRST_WINDOW - HOUR)).toBe('released');
  });

  test('needs room in every one of them', async () => {
    const running = startService(options);
    expect(await ask(running, hourly, FIRST_WINDOW + 23 * HOUR)).toBe('released');
    expect(await ask(running, daily, FIRST_WINDOW)).toBe(OVER_BUDGET);
    // Suppressed for ever, and nothing debited.
    expect(await ask(running, hourly, FIRST_WINDOW + 5 * HOUR)).toBe('released');
    const refusal = running.log
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ event }) => event === 'budget_refused');
    expect(refusal).toMatchObject({ period: 'hour', periodStart: FIRST_WINDOW + 23 * HOUR, spent: '1', left: '0' });
  });

  test('or one that crosses the end of a day is debited in both days', async () => {
    const crossing = planOfShape({ name: 'crossing', seconds: 5 * HOUR, period: 'day', epsilon: '1' });
    const single = planOfShape({ name: 'single', seconds: HOUR, period: 'day', epsilon: '1' });
    const running = startService({ plans: [crossing, single] });
    const start = [0, 1, 2, 3, 4]
      .map((day) => Math.floor((FIRST_WINDOW + day * DAY) / (5 * HOUR)) * 5 * HOUR)
      .find((candidate) => candidate % DAY > DAY - 5 * HOUR)!;
    expect(await ask(running, crossing, start)).toBe('released');
    const nextDay = Math.ceil(start / DAY) * DAY;
    for (const hour of [nextDay - DAY, nextDay - HOUR, nextDay, nextDay + 23 * HOUR]) {
      expect(await ask(running, single, hour)).toBe(OVER_BUDGET);
    }
    expect(await ask(running, single, nextDay + DAY)).toBe('released');
  });
});

describe('the strictest limit of a period binds every plan of the domain', () => {
  const weekly = planOfShape({ name: 'weekly', seconds: 60, period: 'week', epsilon: '2' });
  const hourly = planOfShape({ name: 'hourly', seconds: 60, period: 'hour', epsilon: '2' });

  async function releasesOfOneDay(options: TestServiceOptions, plans: readonly CompiledPlan[]): Promise<number> {
    const running = startService({ ...options, plans });
    let released = 0;
    for (const plan of plans) {
      for (let hour = 0; hour < 24; hour += 1) {
        for (const minute of [0, 1, 2]) {
          const status = await ask(running, plan, FIRST_WINDOW + hour * HOUR + 60 * minute);
          if (status === 'released') released += 1;
        }
      }
    }
    expect(verifyLedgerExport(exportLedger(running.ledger.entries())).releases.reserved).toBe(72 * plans.length);
    return released;
  }

  test('a weekly limit holds for an hourly plan beside it, whichever asks first', async () => {
    const ceiling = { epsilonPerPeriod: '1000' };
    expect(await releasesOfOneDay(ceiling, [weekly, hourly])).toBe(2);
    expect(await releasesOfOneDay(ceiling, [hourly, weekly])).toBe(2);
  });

  test('the key holder’s ceiling holds in its own period, whatever period the plan declares', async () => {
    expect(await releasesOfOneDay({ epsilonPerPeriod: '5', periodOfCeiling: 'day' }, [hourly])).toBe(5);
    expect(await releasesOfOneDay({ epsilonPerPeriod: '7', periodOfCeiling: 'week' }, [hourly])).toBe(7);
    expect(await releasesOfOneDay({ epsilonPerPeriod: '1', periodOfCeiling: 'hour' }, [hourly])).toBe(24);
  });

  test('of two plans with the same period the smaller limit holds for both', async () => {
    const generous = planOfShape({ name: 'generous', seconds: 60, period: 'day', epsilon: '9' });
    const modest = planOfShape({ name: 'modest', seconds: 60, period: 'day', epsilon: '3' });
    expect(await releasesOfOneDay({}, [generous, modest])).toBe(3);
  });

  test('and every limit that was in force is in the entry, so that an auditor can decide again', async () => {
    const running = startService({ plans: [weekly, hourly], epsilonPerPeriod: '5', periodOfCeiling: 'day' });
    await ask(running, hourly, FIRST_WINDOW);
    const [entry] = [...running.ledger.entries()];
    expect(JSON.parse(entry!.body)).toMatchObject({
      domain: 'shop',
      payment: {
        limits: [
          { period: 'hour', most: '2' },
          { period: 'day', most: '5' },
          { period: 'week', most: '2' },
        ],
      },
    });
    const { periods } = verifyLedgerExport(exportLedger(running.ledger.entries()));
    expect(periods.map(({ period, spent, granted }) => [period, spent.epsilon, granted])).toEqual([
      ['hour', '1', 1],
      ['day', '1', 1],
      ['week', '1', 1],
    ]);
  });

  test('another domain that is allowed has a budget of its own', async () => {
    const { privacy } = testPlanDocument();
    const other = planOfShape(
      { name: 'other', seconds: 60, period: 'week', epsilon: '2' },
      { privacy: { ...privacy, domain: 'staff', period: 'week', epsilon: '2' } },
    );
    const running = startService({ plans: [weekly, other], domains: ['shop', 'staff'] });
    const statuses: string[] = [];
    for (const plan of [weekly, other]) {
      for (const minute of [0, 1, 2]) statuses.push(await ask(running, plan, FIRST_WINDOW + 60 * minute));
    }
    expect(statuses).toEqual(['released', 'released', OVER_BUDGET, 'released', 'released', OVER_BUDGET]);
  });
});

describe('a window that ended long ago', () => {
  const plan = planWith({});
  const request = requestFor(plan, 0, [cellOf([aggregateOf([1n, 0n])])]);
  const limit = 1000 * (request.windowEnd + 7 * DAY);

  test('is refused after seven days, to the millisecond, and nothing is charged', async () => {
    const late = startService({ maxWindowAgeDays: 7, clock: () => limit + 1 });
    expect((await late.service.releaseWindow(request)).cells).toEqual([{ status: 'refused', reason: 'range' }]);
    expect(late.ledger.head.sequence).toBe(0);
    const intime = startService({ maxWindowAgeDays: 7, clock: () => limit });
    expect((await intime.service.releaseWindow(request)).cells[0]?.status).toBe('released');
  });

  test('or since 1970, whatever periods nobody has spent', async () => {
    const { service, ledger } = startService({ maxWindowAgeDays: 7 });
    for (const day of [0, 1, 5000]) {
      const old = { ...request, windowStart: day * DAY, windowEnd: day * DAY + 60 };
      expect((await service.releaseWindow(old)).cells).toEqual([{ status: 'refused', reason: 'range' }]);
    }
    expect(ledger.head.sequence).toBe(0);
  });

  test('still gets the answer it was given in time, and no cell beside it', async () => {
    const first = startService({ maxWindowAgeDays: 7, clock: () => limit });
    const [answer] = (await first.service.releaseWindow(request)).cells;
    first.ledger.close();
    const later = startService({ path: first.path, maxWindowAgeDays: 7, clock: () => 2 * limit });
    const beside = cellOf([aggregateOf([1n, 0n])], { labels: [1] });
    const { cells } = await later.service.releaseWindow({ ...request, cells: [...request.cells, beside] });
    expect(cells).toEqual([answer, { status: 'refused', reason: 'range' }]);
  });
});
