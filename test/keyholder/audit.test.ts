/** What an auditor reads from an export alone: sums, epsilons, how much of a reservation was used, and a table for people. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AUDIT_COLUMNS, auditRows } from '../../src/keyholder/audit-table.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { openLedger, type Ledger } from '../../src/keyholder/ledger.js';
import { noisedRelease, PrivacyAccountant, discreteLaplace } from '../../src/privacy/index.js';
import type { ReservedBody, ReservedPeriodBody } from '../../src/keyholder/ledger-entry.js';
import {
  append,
  cellAt,
  DAY,
  ownPayment,
  periodBody,
  publishedBody,
  reservedBody,
  sealedBody,
} from '../support/ledger.js';
import { testPlan } from '../support/plans.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, cellOf, requestFor } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function verify(fill: (ledger: Ledger) => void, delta?: string) {
  const ledger = openLedger(join(temporaryFolder(), 'ledger.sqlite'));
  fill(ledger);
  const verification = verifyLedgerExport(exportLedger(ledger.entries(), ledger.refusals()), delta);
  ledger.close();
  return verification;
}

const LIMIT = { period: 'day', measure: 'epsilon', most: '20', delta: '0' };

describe('the epsilon of a period', () => {
  test('of many releases is what the accountant computes for their noise, exactly and by rho', () => {
    const count = 200;
    const { periods } = verify((ledger) => {
      append(
        ledger,
        Array.from({ length: count }, (_, window) =>
          reservedBody(cellAt(window), { payment: ownPayment('1/100', [LIMIT]) }),
        ),
      );
    });
    const expected = new PrivacyAccountant([noisedRelease(discreteLaplace('100'), 1n, count)]).report('0.000001');
    expect(periods).toMatchObject([{ spent: { epsilon: '2' }, epsilon: expected }]);
    expect(expected.exact).toBeLessThan(expected.concentrated);
    expect(expected.concentrated).toBeLessThan(2);
  });

  test('counts every slot that one span changes, and one of those that exclude each other', () => {
    const slots = ['10', '20'].map((parameter) => ({ parameter, bound: '1' }));
    const payment = { by: 'release', cost: { epsilon: '3/20', rho: '1/160', delta: '0' }, limits: [LIMIT] };
    const all = { noise: slots, changes: 'all', payment } as Partial<ReservedBody>;
    const { periods } = verify((ledger) => {
      append(ledger, [reservedBody(cellAt(0), all), reservedBody(cellAt(1))]);
    });
    const releases = ['10', '20', '10'].map((scale) => noisedRelease(discreteLaplace(scale), 1n));
    expect(periods[0]?.epsilon).toEqual(new PrivacyAccountant(releases).report('0.000001'));
  });

  test('is given at the delta that is asked for; nothing granted has none', () => {
    const fill = (ledger: Ledger): void => {
      append(ledger, [
        reservedBody(cellAt(0)),
        reservedBody(cellAt(1440), { decision: 'budget', payment: ownPayment('2') }),
      ]);
    };
    const [small, large] = ['1e-9', '0.01'].map((delta) => verify(fill, delta).periods);
    expect(small?.[0]?.epsilon?.concentrated).toBeGreaterThan(large?.[0]?.epsilon?.concentrated ?? Infinity);
    expect(small?.[1]).toMatchObject({ granted: 0, refused: 1, epsilon: undefined });
  });

  test('of subjects is that of their reservation, however many windows it paid for', () => {
    const { periods } = verify((ledger) => {
      const reservation = periodBody();
      append(ledger, [reservation, ...[0, 1, 2].map((window) => paidBy(reservation, window))]);
    });
    expect(periods).toMatchObject([{ unit: 'user-period', spent: { epsilon: '1' }, granted: 1 }]);
    expect(periods[0]?.epsilon?.exact).toBeCloseTo(1, 5);
  });

  test('under Gaussian noise is that of rho', () => {
    const cost = { rho: '1/50', delta: '0' };
    const limits = [{ period: 'day', measure: 'rho', most: '1/50', delta: '0' }] as ReservedPeriodBody['limits'];
    const { periods } = verify((ledger) => {
      append(ledger, [periodBody({ cost, reports: [cost], limits })]);
    });
    expect(periods[0]?.spent).not.toHaveProperty('epsilon');
    expect(periods[0]?.epsilon?.exact).toBeUndefined();
    expect(periods[0]?.epsilon?.concentrated).toBeCloseTo(0.9, 1);
  });
});

function paidBy({ reservationId }: ReservedPeriodBody, window: number, report = 0): ReservedBody {
  return reservedBody(cellAt(window, { report }), {
    unit: 'user-period',
    payment: { by: 'period', reservations: [reservationId] },
  });
}

describe('the odometer', () => {
  const cost = (epsilon: string, rho: string) => ({ epsilon, rho, delta: '0' });
  /** Seven visits, three in a window: windows of 3, 3 and 1. Two reports. */
  const reservation = periodBody({
    bounds: { visits: 7, visitsPerWindow: 3 },
    reports: [cost('7/10', '19/100'), cost('3/10', '1/100')],
    cost: cost('1', '1/5'),
  });

  function used(windows: number): unknown {
    const { reservations } = verify((ledger) => {
      append(ledger, [reservation, ...Array.from({ length: windows }, (_, window) => paidBy(reservation, window))]);
    });
    return [reservations[0]?.windows, reservations[0]?.used.epsilon, reservations[0]?.used.rho];
  }

  test.each([
    [0, '0', '0'],
    [1, '3/10', '9/100'],
    [2, '3/5', '9/50'],
    [3, '7/10', '19/100'],
    [9, '7/10', '19/100'],
  ])('after %i windows of the first report', (windows, epsilon, rho) => {
    expect(used(windows)).toEqual([[windows, 0], epsilon, rho]);
  });

  test('of a running total shows all of it with the first', () => {
    const { reservations } = verify((ledger) => {
      const total = paidBy(reservation, 0, 1);
      append(ledger, [reservation, asTotal(total)]);
    });
    expect(reservations[0]?.used).toEqual({ epsilon: '3/10', rho: '1/100', delta: '0' });
  });

  function asTotal(body: ReservedBody): ReservedBody {
    return reservedBody(cellAt(0, { report: 1, kind: 'total' }), { unit: body.unit, payment: body.payment });
  }
});

describe('refusals', () => {
  const plan = testPlan();

  test('are kept with who, when and why, once each, and never in the chain', async () => {
    const running = startService();
    const stranger = { ...requestFor(plan, 0, [cellOf([aggregateOf([1n, 2n])])]), planHash: new Uint8Array(32) };
    for (let time = 0; time < 3; time += 1) await running.service.releaseWindow(stranger, 'CN=receiver');
    await running.service.releaseWindow(requestFor(plan, 0, [cellOf([aggregateOf([1n])], { labels: [9] })]), 'other');
    expect(running.ledger.head.sequence).toBe(0);
    expect(running.ledger.refusals()).toMatchObject([
      { peer: 'CN=receiver', reason: 'unknown_plan', times: 3, windowStart: stranger.windowStart },
      { peer: 'other', reason: 'unknown_cell', times: 1, report: 0, planHash: plan.hashText },
    ]);
    const lines = [...exportLedger(running.ledger.entries(), running.ledger.refusals())];
    expect(verifyLedgerExport(lines)).toMatchObject({ refusals: 2, head: { sequence: 0 } });
  });

  test('are there after a restart', async () => {
    const first = startService();
    await first.service.releaseWindow({ ...requestFor(plan, 0, [cellOf([])]), report: 7 });
    first.ledger.close();
    expect(startService({ path: first.path }).ledger.refusals()).toMatchObject([{ reason: 'unknown_cell', report: 7 }]);
  });
});

test('the table has a row for every decision, with how it ended and without any value', () => {
  const ledger = openLedger(join(temporaryFolder(), 'ledger.sqlite'));
  const reservation = periodBody({ domain: 'staff' });
  append(ledger, [
    reservation,
    { ...paidBy(reservation, 0, 3), domain: 'staff' },
    reservedBody(cellAt(1)),
    sealedBody(cellAt(1)),
    publishedBody(cellAt(1)),
    reservedBody(cellAt(2), { decision: 'budget', payment: ownPayment('3') }),
    sealedBody(cellAt(2), { status: 'suppressed', reason: 'budget' }),
  ]);
  ledger.burn({ sequence: 40, hash: reservation.terms }, DAY, DAY);
  ledger.refuse([
    { at: 90, peer: 'receiver', reason: 'conflict', planHash: 'p', report: 1, windowStart: 60, windowEnd: 120 },
  ]);
  ledger.commit();
  const rows = [...auditRows(() => ledger.entries(), ledger.refusals())];
  expect(rows).toMatchObject([
    { what: 'reservation of a day', domain: 'staff', unit: 'user-period', epsilon: '1', decision: 'granted' },
    { what: 'window', report: '3', 'paid by': reservation.reservationId, outcome: 'not sealed' },
    { what: 'window', from: '1970-01-01T00:01:00.000Z', epsilon: '1/10', noise: '10 10', outcome: 'released' },
    { what: 'window', decision: 'budget', outcome: 'suppressed: budget' },
    { sequence: '41', what: 'burned', to: '1970-01-02T00:00:00.000Z', outcome: 'lost after 7' },
    { what: 'refusal', decision: 'conflict', outcome: 'refused 1 times', peer: 'receiver' },
  ]);
  for (const row of rows)
    expect(Object.keys(row).filter((key) => !(AUDIT_COLUMNS as readonly string[]).includes(key))).toEqual([]);
  expect(JSON.stringify(rows)).not.toContain('-3');
  ledger.close();
});
