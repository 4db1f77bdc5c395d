/** What an auditor reads from an export alone: sums, epsilons, how much of a reservation was used, and a table for people. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AUDIT_COLUMNS, auditRows } from '../../src/keyholder/audit-table.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { openLedger, type Ledger } from '../../src/keyholder/ledger.js';
import { noisedRelease, PrivacyAccountant, discreteLaplace } from '../../src/privacy/index.js';
import type { ReservedBody, ReservedPeriodBody } from '../../src/keyholder/ledger-entry.js';
import type { CellIdentity } from '../../src/keyholder/release-id.js';
import { formatRational, rational } from '../../src/math/rational.js';
import {
  append,
  cellAt,
  DAY,
  ownPayment,
  paidBody,
  paidStream,
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
  const verification = verifyLedgerExport(
    exportLedger(ledger.entries(), ledger.refusals()),
    delta === undefined ? {} : { delta },
  );
  ledger.close();
  return verification;
}

const DAY_LIMIT = { period: 'day', measure: 'epsilon', most: '1', delta: '0' } as const;
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
      append(ledger, [reservedBody(cellAt(0), all), reservedBody(cellAt(1, { measurement: 1 }))]);
    });
    const releases = ['10', '20', '10'].map((scale) => noisedRelease(discreteLaplace(scale), 1n));
    expect(periods[0]?.epsilon).toEqual(new PrivacyAccountant(releases).report('0.000001'));
  });

  test('is given at the delta that is asked for; nothing granted has none', () => {
    const fill = (ledger: Ledger): void => {
      append(ledger, [
        reservedBody(cellAt(0)),
        reservedBody(cellAt(1440, { measurement: 1 }), { decision: 'budget', payment: ownPayment('2') }),
      ]);
    };
    const [small, large] = ['1e-9', '0.01'].map((delta) => verify(fill, delta).periods);
    expect(small?.[0]?.epsilon?.concentrated).toBeGreaterThan(large?.[0]?.epsilon?.concentrated ?? Infinity);
    expect(small?.[1]).toMatchObject({ granted: 0, refused: 1, epsilon: undefined });
  });

  test('of subjects is that of their reservation, however many windows it paid for', () => {
    const { periods } = verify((ledger) => {
      const reservation = periodBody();
      append(ledger, [reservation, ...[0, 1, 2].map((window) => paidBody(reservation, cellAt(window)))]);
    });
    expect(periods).toMatchObject([{ unit: 'user-period', spent: { epsilon: '1' }, granted: 1 }]);
    expect(periods[0]?.epsilon?.exact).toBeCloseTo(1, 5);
  });

  test('under Gaussian noise is that of rho', () => {
    const cost = { rho: '1/50', delta: '0' };
    const limits = [{ period: 'day', measure: 'rho', most: '1/50', delta: '0' }] as ReservedPeriodBody['limits'];
    const { periods } = verify((ledger) => {
      append(ledger, [periodBody({ cost, reports: [[paidStream(cost)]], limits })]);
    });
    expect(periods[0]?.spent).not.toHaveProperty('epsilon');
    expect(periods[0]?.epsilon?.exact).toBeUndefined();
    expect(periods[0]?.epsilon?.concentrated).toBeCloseTo(0.9, 1);
  });
});

describe('what was spent', () => {
  test('is told apart by unit: what another one was refused says nothing about what is protected', () => {
    const { periods } = verify((ledger) => {
      append(ledger, [periodBody(), reservedBody(cellAt(0), { decision: 'continuity' })]);
    });
    expect(periods).toMatchObject([
      { unit: 'user-period', spent: { epsilon: '1' }, granted: 1, refused: 0 },
      { unit: 'event', spent: { epsilon: '0' }, granted: 0, refused: 1, epsilon: undefined },
    ]);
  });

  test('stands beside what was allowed, in all and to each share, by the newest entry', () => {
    const limits = [LIMIT, { ...LIMIT, share: 'streams', most: '10' }];
    const lower = [{ ...LIMIT, most: '5' }];
    const { periods } = verify((ledger) => {
      append(ledger, [
        reservedBody(cellAt(0), { payment: ownPayment('1/10', limits) }),
        reservedBody(cellAt(1), { payment: ownPayment('1/10', lower) }),
      ]);
    });
    expect(periods).toMatchObject([{ spent: { epsilon: '1/5' }, limits: [lower[0], limits[1]] }]);
  });
});

describe('the odometer', () => {
  /** Seven visits, three in a window: a subject is in windows of 3, 3 and 1. */
  const bounds = { visits: 7, visitsPerWindow: 3, processes: 1 };
  const VISITS = [3, 3, 1];
  const over = (numerator: number, denominator: number): string =>
    formatRational(rational(BigInt(numerator), BigInt(denominator)));
  const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
  /** Of noise of this scale, when a subject can have been in the first of these windows. */
  const shown = (scale: number, windows: number) => {
    const visits = VISITS.slice(0, windows);
    return {
      epsilon: over(sumOf(visits), scale),
      rho: over(sumOf(visits.map((each) => each * each)), 2 * scale * scale),
      delta: '0',
    };
  };

  function usesOf(reservation: ReservedPeriodBody, cells: readonly CellIdentity[]) {
    return verify((ledger) => {
      append(ledger, [reservation, ...cells.map((cell) => paidBody(reservation, cell))]);
    }).reservations;
  }

  /** Two reports: noise of scale 10 in the windows of the one, of scale 28 in those of the other. */
  const reservation = periodBody({
    bounds,
    reports: [[paidStream(shown(10, 3))], [paidStream(shown(28, 3))]],
    cost: { epsilon: over(7 * 38, 280), rho: over(19 * 884, 2 * 78_400), delta: '0' },
  });

  test.each([0, 1, 2, 3, 9])('after %i windows of the first report', (windows) => {
    const cells = Array.from({ length: windows }, (_, window) => cellAt(window));
    expect(usesOf(reservation, cells)).toMatchObject([{ windows: [windows, 0], used: shown(10, windows) }]);
  });

  test('counts a window once, whatever its labels, and adds reports up', () => {
    const cells = [cellAt(0), cellAt(0, { labels: [1] }), cellAt(1), cellAt(0, { report: 1 })];
    const used = { epsilon: over(6 * 28 + 3 * 10, 280), rho: over(18 * 784 + 9 * 100, 2 * 78_400), delta: '0' };
    expect(usesOf(reservation, cells)).toMatchObject([{ windows: [2, 1], used }]);
  });

  test('counts no window that was refused', () => {
    const cell = cellAt(0);
    const refused = { ...periodBody({ limits: [{ ...DAY_LIMIT, most: '1/2' }] }), decision: 'budget' } as const;
    const { reservations, periods } = verify((ledger) => {
      append(ledger, [refused, paidBody(refused, cell, { decision: 'budget' })]);
    });
    expect(reservations).toEqual([]);
    expect(periods).toMatchObject([{ granted: 0, refused: 1, epsilon: undefined }]);
  });

  test('of a running total shows all of it with the first', () => {
    // Windows of an hour; visits in the first three: every row of the integer matrix 2^8 binomial(2k, k) / 4^k.
    const coefficients = [256];
    for (let k = 1; k < 24; k += 1) coefficients.push(((coefficients[k - 1] ?? 0) * (2 * k - 1)) / (2 * k));
    const integers = coefficients.map(Math.round);
    const rows = integers.map((_, row) =>
      sumOf(VISITS.map((visits, window) => visits * (integers[row - window] ?? 0))),
    );
    const squared = sumOf(rows.map((row) => row * row));
    const cost = { rho: '1/100', delta: '0' };
    const total = periodBody({
      bounds,
      cost,
      reports: [[paidStream(cost, { kind: 'total' })]],
      limits: [{ ...DAY_LIMIT, measure: 'rho' }],
    });
    const cell = cellAt(0, { kind: 'total', rangeEnd: 3600 });
    const noise = [{ parameter: String(50 * squared), bound: '1' }];
    const { reservations } = verify((ledger) => {
      append(ledger, [total, paidBody(total, cell, { mechanism: 'discrete-gaussian', noise })]);
    });
    expect(reservations[0]?.used).toEqual(cost);
  });
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
    paidBody(reservation, cellAt(0)),
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
    { what: 'window', report: '0', 'paid by': reservation.reservationId, outcome: 'not sealed' },
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
