/** Plans that are paid once a period: what one subject may contribute in a day costs what it costs, however many windows show it. */
import { describe, expect, test } from 'vitest';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { openLedger } from '../../src/keyholder/ledger.js';
import type { EntryBody, ReservedBody, ReservedPeriodBody } from '../../src/keyholder/ledger-entry.js';
import { approximate, compareRational, parseRationalFraction } from '../../src/math/rational.js';
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import type { ContributionBounds, Measurement, Plan, PlanPrivacy } from '../../src/plan/plan.js';
import { budgetRho } from '../../src/wire/release-noise.js';
import { decodeWindowReleaseResponse, encodeWindowReleaseResponse } from '../../src/wire/release-response-message.js';
import { Crash, CrashingLedger } from '../support/crashing-ledger.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlanDocument } from '../support/plans.js';
import { startService, type TestService } from '../support/release-service.js';
import { aggregateOf, cellOf, FIRST_WINDOW } from '../support/releases.js';

const DAY = 86_400;
const flag: Measurement = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '0.5' };
const other: Measurement = { ...flag, name: 'other', attribute: 'other' };
const BOUNDS: ContributionBounds = { subject: 'user.id', visits: 3 };

interface Shape {
  readonly privacy?: Partial<PlanPrivacy>;
  readonly bounds?: Partial<ContributionBounds>;
  readonly measurements?: readonly Measurement[];
  readonly overrides?: Partial<Plan>;
}

/** Two flags at epsilon 0.5 each, for one subject's day. Not through the plan check: the key holder must not rest on it. */
function personal({ privacy, bounds, measurements = [flag, other], overrides }: Shape = {}): CompiledPlan {
  const base = testPlanDocument();
  return compilePlan({
    ...base,
    privacy: {
      ...base.privacy,
      unit: 'user-period',
      epsilon: '1',
      bounds: { ...BOUNDS, ...bounds },
      ...privacy,
    },
    labels: [],
    reports: [{ ...base.reports[0]!, labels: [], measurements }],
    ...overrides,
  });
}

async function ask({ service }: TestService, plan: CompiledPlan, windowStart: number, key = testPrivateKey()) {
  const windowEnd = windowStart + plan.plan.window.seconds;
  const { length } = plan.reports[0]!.measurements;
  const cells = Array.from({ length }, (_, measurement) =>
    cellOf([aggregateOf([1n, 0n], key)], { labels: [], measurement }),
  );
  const response = await service.releaseWindow({ planHash: plan.hash, report: 0, windowStart, windowEnd, cells });
  const statuses = response.cells.map((cell) => (cell.status === 'released' ? 'released' : cell.reason));
  return { status: [...new Set(statuses)].join(' '), budget: response.budget };
}

function bodies({ ledger }: Pick<TestService, 'ledger'>): EntryBody[] {
  return [...ledger.entries()].map(({ body }) => JSON.parse(body) as EntryBody);
}

function reservationsIn(running: Pick<TestService, 'ledger'>): ReservedPeriodBody[] {
  return bodies(running).filter((body) => body.state === 'RESERVED_PERIOD');
}

function logged({ log }: TestService, event: string): Record<string, unknown>[] {
  return log.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['event'] === event);
}

describe('a reservation', () => {
  test('is made once, before the first release, and pays for every window of its day', async () => {
    const running = startService({ plans: [personal()] });
    for (const window of [0, 1, 700, 1439]) {
      const { status, budget } = await ask(running, personal(), FIRST_WINDOW + 60 * window);
      expect(status).toBe('released');
      expect(budget).toMatchObject({ measure: 'epsilon', limit: '1', consumed: '1', remaining: '0' });
    }
    const [first, ...others] = bodies(running);
    expect(first).toMatchObject({
      state: 'RESERVED_PERIOD',
      plan: 'shop',
      domain: 'shop',
      unit: 'user-period',
      period: 'day',
      periodStart: FIRST_WINDOW,
      share: 'streams',
      bounds: { visits: 3, visitsPerWindow: 3, processes: 1 },
      // Two noises of scale 6 on 3 visits: rho 3^2 / (2 * 6^2) each.
      cost: { epsilon: '1', rho: '1/4', delta: '0' },
      reports: [
        [0, 1].map((measurement) => ({
          kind: 'window',
          measurement,
          cost: { epsilon: '1/2', rho: '1/8', delta: '0' },
        })),
      ],
      decision: 'granted',
    });
    expect(others.filter(({ state }) => state === 'RESERVED_PERIOD')).toEqual([]);
    const { reservationId, terms } = first as ReservedPeriodBody;
    for (const body of others.filter((each): each is ReservedBody => each.state === 'RESERVED')) {
      expect(body.payment).toEqual({ by: 'period', plan: 'shop', terms, reservations: [reservationId] });
      expect(body.noise).toEqual([
        { parameter: '6', bound: '1' },
        { parameter: '6', bound: '1' },
      ]);
    }
  });

  test('is another one the next day', async () => {
    const running = startService({ plans: [personal()] });
    for (const day of [0, 1, 2])
      expect((await ask(running, personal(), FIRST_WINDOW + day * DAY)).status).toBe('released');
    expect(reservationsIn(running).map(({ periodStart }) => periodStart)).toEqual(
      [0, 1, 2].map((day) => FIRST_WINDOW + day * DAY),
    );
  });

  test('survives a restart, and a second one of the same day is not needed', async () => {
    const first = startService({ plans: [personal()] });
    await ask(first, personal(), FIRST_WINDOW);
    first.ledger.close();
    const second = startService({ plans: [personal()], path: first.path });
    expect((await ask(second, personal(), FIRST_WINDOW + 60)).status).toBe('released');
    expect(reservationsIn(second)).toHaveLength(1);
  });

  test('is durable together with the first release, before anything is decrypted', async () => {
    for (const moment of ['before', 'after'] as const) {
      const point = { moment, state: 'RESERVED' } as const;
      const running = startService({ plans: [personal()], between: (inner) => new CrashingLedger(inner, point) });
      await expect(ask(running, personal(), FIRST_WINDOW)).rejects.toBeInstanceOf(Crash);
      running.ledger.close();
      const ledger = openLedger(running.path);
      const states = [...ledger.entries()].map(({ body }) => (JSON.parse(body) as EntryBody).state);
      expect(states).toEqual(moment === 'before' ? [] : ['RESERVED_PERIOD', 'RESERVED', 'RESERVED']);
      ledger.close();
    }
  });

  test('that does not fit suppresses the window, consumes nothing, and says what was asked, spent and left', async () => {
    const running = startService({ plans: [personal()], epsilonPerPeriod: '0.75' });
    for (const window of [0, 1, 2]) {
      const { status, budget } = await ask(running, personal(), FIRST_WINDOW + 60 * window);
      expect(status).toBe('budget');
      expect(budget).toMatchObject({ limit: '3/4', consumed: '0', remaining: '3/4' });
    }
    // Refused once for all: nothing that could change the answer has changed.
    expect(reservationsIn(running).map(({ decision }) => decision)).toEqual(['budget']);
    expect(logged(running, 'budget_refused')[0]).toMatchObject({
      domain: 'shop',
      period: 'day',
      measure: 'epsilon',
      asked: '1',
      spent: '0',
      left: '3/4',
    });
    expect(logged(running, 'budget_refused')[0]).not.toHaveProperty('refillsAt');
  });

  test('that did not fit is made once the key holder allows more', async () => {
    const small = startService({ plans: [personal()], epsilonPerPeriod: '0.75' });
    await ask(small, personal(), FIRST_WINDOW);
    small.ledger.close();
    const large = startService({ plans: [personal()], path: small.path, epsilonPerPeriod: '2' });
    expect((await ask(large, personal(), FIRST_WINDOW + 60)).status).toBe('released');
    expect(reservationsIn(large).map(({ decision }) => decision)).toEqual(['budget', 'granted']);
    expect(verifyLedgerExport(exportLedger(large.ledger.entries())).periods).toMatchObject([
      { spent: { epsilon: '1' }, granted: 1, refused: 1 },
    ]);
  });

  test('counts every process that does not share its store', async () => {
    const plan = personal({ bounds: { processes: 4 } });
    const running = startService({ plans: [personal({ bounds: { processes: 4 }, privacy: { epsilon: '4' } })] });
    const { budget } = await ask(
      running,
      personal({ bounds: { processes: 4 }, privacy: { epsilon: '4' } }),
      FIRST_WINDOW,
    );
    expect(budget.consumed).toBe('4');
    // A budget of 1 does not pay for four times 1.
    expect((await ask(startService({ plans: [plan] }), plan, FIRST_WINDOW)).status).toBe('budget');
  });

  test('is needed for every period that a window touches', async () => {
    const crossing = personal({ overrides: { window: { seconds: 5 * 3600, graceSeconds: 30, lagSeconds: 0 } } });
    const running = startService({ plans: [crossing] });
    const start = [0, 1, 2, 3, 4]
      .map((day) => Math.floor((FIRST_WINDOW + day * DAY) / (5 * 3600)) * 5 * 3600)
      .find((candidate) => candidate % DAY > DAY - 5 * 3600)!;
    expect((await ask(running, crossing, start)).status).toBe('released');
    expect(reservationsIn(running)).toHaveLength(2);
  });

  test('of two plans of a domain adds up', async () => {
    const first = personal({ privacy: { epsilon: '2' } });
    const second = personal({ privacy: { epsilon: '2' }, overrides: { name: 'second' } });
    const third = personal({ privacy: { epsilon: '2' }, overrides: { name: 'third' } });
    const running = startService({ plans: [first, second, third] });
    const outcomes = [];
    for (const plan of [first, second, third]) outcomes.push((await ask(running, plan, FIRST_WINDOW)).status);
    expect(outcomes).toEqual(['released', 'released', 'budget']);
    expect(logged(running, 'budget_refused')[0]).toMatchObject({
      asked: '1',
      spent: '2',
      refillsAt: FIRST_WINDOW + DAY,
    });
  });
});

describe('a plan change within a period', () => {
  async function changed(before: CompiledPlan, after: CompiledPlan, keys = [testPrivateKey()]) {
    const first = startService({ plans: [before], privateKeys: keys });
    expect((await ask(first, before, FIRST_WINDOW)).status).toBe('released');
    first.ledger.close();
    const second = startService({ plans: [after], privateKeys: keys, path: first.path });
    const key = keys.at(-1)!;
    const sameDay = (await ask(second, after, FIRST_WINDOW + 60, key)).status;
    const nextDay = (await ask(second, after, FIRST_WINDOW + DAY, key)).status;
    verifyLedgerExport(exportLedger(second.ledger.entries()));
    return { second, sameDay, nextDay };
  }

  test('of keys, labels, spans or minimum goes on with the reservation', async () => {
    const [oldKey, newKey] = [testPrivateKey(), testPrivateKey(1024)];
    const base = personal().plan;
    const { second, sameDay, nextDay } = await changed(
      personal(),
      compilePlan({
        ...base,
        sequence: 2,
        keys: [newKey.publicKey.kid],
        redact: ['customer.phone'],
        reports: base.reports.map((report) => ({ ...report, spans: { names: ['pay'] } })),
      }),
      [oldKey, newKey],
    );
    expect([sameDay, nextDay]).toEqual(['released', 'released']);
    expect(reservationsIn(second)).toHaveLength(2);
  });

  test.each<[string, CompiledPlan]>([
    ['of bounds', personal({ bounds: { visits: 5 } })],
    ['of visits per window', personal({ bounds: { visitsPerWindow: 1 } })],
    ['of the subject', personal({ bounds: { subject: 'account.id' } })],
    [
      'of a cost, though the sum stays',
      personal({
        measurements: [
          { ...flag, epsilon: '0.75' },
          { ...other, epsilon: '0.25' },
        ],
      }),
    ],
    ['of what is measured', personal({ measurements: [flag] })],
    ['of the budget', personal({ privacy: { epsilon: '2' } })],
    ['of the period', personal({ privacy: { period: 'hour' } })],
    ['of the mechanism', personal({ privacy: { mechanism: 'discrete-gaussian', delta: '0.000001' } })],
  ])('%s takes effect with the next period', async (_name, after) => {
    const { second, sameDay, nextDay } = await changed(personal(), after);
    expect([sameDay, nextDay]).toEqual(['budget', 'released']);
    expect(logged(second, 'continuity_refused').length).toBeGreaterThan(0);
    expect(reservationsIn(second).map(({ decision }) => decision)).toEqual(['granted', 'continuity', 'granted']);
  });

  test('from events to subjects and back takes effect with the next period', async () => {
    const events = compilePlan({
      ...personal().plan,
      privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '9', noise: 'both' },
    });
    expect(await changed(events, personal())).toMatchObject({ sameDay: 'budget', nextDay: 'released' });
    expect(await changed(personal(), events)).toMatchObject({ sameDay: 'budget', nextDay: 'released' });
  });
});

describe('Gaussian noise', () => {
  const privacy: Partial<PlanPrivacy> = { mechanism: 'discrete-gaussian', delta: '0.000001' };

  test('is paid for in rho, within what epsilon and delta allow', async () => {
    const plan = personal({ privacy, bounds: { visits: 100, visitsPerWindow: 1 } });
    const running = startService({ plans: [plan] });
    const { status, budget } = await ask(running, plan, FIRST_WINDOW);
    expect(status).toBe('released');
    expect(budget.measure).toBe('rho');
    const [limit, consumed] = [budget.limit, budget.consumed].map((text) => approximate(parseRationalFraction(text)));
    expect(limit).toBe(approximate(budgetRho(plan.plan.privacy)));
    // Variances are rounded up by a thousandth at most.
    expect(consumed).toBeLessThanOrEqual(limit!);
    expect(consumed).toBeGreaterThan(0.998 * limit!);
    expect(reservationsIn(running)[0]?.cost).not.toHaveProperty('epsilon');
    expect((await ask(running, plan, FIRST_WINDOW + 60)).budget.consumed).toBe(budget.consumed);
    // For people: what that rho means at the plan's delta, and no epsilon of its own.
    const [delta, converted, ...others] = budget.parts!;
    expect(delta).toEqual({ measure: 'delta', limit: '1/1000000' });
    expect(converted?.measure).toBe('epsilon_zcdp');
    const [most, spent] = [converted!.limit!, converted!.consumed!].map((text) =>
      approximate(parseRationalFraction(text)),
    );
    expect(most).toBeCloseTo(1, 8);
    expect(spent).toBeGreaterThan(0.998);
    expect(spent).toBeLessThanOrEqual(most!);
    expect(others).toEqual([]);
    expect(verifyLedgerExport(exportLedger(running.ledger.entries())).periods).toMatchObject([{ unit: 'user-period' }]);
  });

  test('of many measurements is told in fractions that fit an answer, never less spent than it is', async () => {
    // Every variance has a numerator of its own, so the sum of rho has a denominator of all of them.
    const measurements = Array.from({ length: 64 }, (_, index) => ({
      ...flag,
      name: `m${String(index)}`,
      attribute: `m${String(index)}`,
      epsilon: `0.00${String(501 + 7 * index)}`,
    }));
    const plan = personal({ privacy, measurements });
    const running = startService({ plans: [plan] });
    const { status, budget } = await ask(running, plan, FIRST_WINDOW);
    expect(status).toBe('released');
    const exact = reservationsIn(running)[0]!.cost.rho;
    expect(exact.length).toBeGreaterThan(170);
    const answer = { cells: [], budget };
    expect(decodeWindowReleaseResponse(encodeWindowReleaseResponse(answer))).toEqual({ ok: true, message: answer });
    const [told, is] = [budget.consumed, exact].map(parseRationalFraction);
    expect(compareRational(told!, is!)).toBeGreaterThanOrEqual(0);
    expect(approximate(told!)).toBeCloseTo(approximate(is!), 11);
    const [day] = verifyLedgerExport(exportLedger(running.ledger.entries())).periods;
    const converted = budget.parts!.find(({ measure }) => measure === 'epsilon_zcdp')!.consumed!;
    expect(day?.epsilon?.concentrated).toBeCloseTo(approximate(parseRationalFraction(converted)), 9);
  });

  test('of twice as many processes needs four times the rho, which is refused', async () => {
    const plan = personal({ privacy, bounds: { processes: 2 } });
    const running = startService({ plans: [plan] });
    expect((await ask(running, plan, FIRST_WINDOW)).status).toBe('budget');
    expect(logged(running, 'budget_refused')[0]).toMatchObject({ measure: 'rho' });
  });

  test('of single events is debited release by release', async () => {
    const base = testPlanDocument().privacy;
    // Half of rho a release: the third does not fit.
    const events = compilePlan({
      ...personal({ measurements: [flag] }).plan,
      privacy: { ...base, epsilon: '1', ...privacy },
    });
    const running = startService({ plans: [events] });
    const outcomes = [];
    for (const window of [0, 1, 2]) outcomes.push((await ask(running, events, FIRST_WINDOW + 60 * window)).status);
    expect(outcomes).toEqual(['released', 'released', 'budget']);
    expect(reservationsIn(running)).toEqual([]);
    verifyLedgerExport(exportLedger(running.ledger.entries()));
  });

  test('with a delta above the key holder’s is refused at start', () => {
    const plan = personal({ privacy });
    expect(() => startService({ plans: [plan], deltaPerPeriod: '0.0000009' })).toThrow(/declares delta 0.000001/);
    expect(() => startService({ plans: [plan], deltaPerPeriod: '0' })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });
});
