/** Exports that are well hashed, but contradict themselves from one entry to another, the clock, or the signed plans. */
import { describe, expect, test } from 'vitest';
import type { EntryBody, ReservedBody, ReservedPeriodBody } from '../../src/keyholder/ledger-entry.js';
import { verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { releaseIdOf } from '../../src/keyholder/release-id.js';
import { OTHER_KEY } from '../../src/plan/labels.js';
import {
  cellAt,
  DAY,
  forgedExport,
  laplaceCost,
  ownPayment,
  paidBody,
  periodBody,
  reservedBody,
} from '../support/ledger.js';
import { openPlan } from '../support/open-plans.js';
import { testPlan } from '../support/plans.js';
import { startService, type TestService } from '../support/release-service.js';
import { aggregateOf, cellOf, requestFor } from '../support/releases.js';

describe('what a plan decides stays what its first release said', () => {
  const subjects = periodBody();
  const tomorrow = periodBody({ periodStart: DAY, terms: releaseIdOf(cellAt(5)) });

  test('and a ledger that keeps to it is accepted', () => {
    const other = { planHash: releaseIdOf(cellAt(5)), rangeStart: 3600, rangeEnd: 7200 };
    const bodies = [
      subjects,
      paidBody(subjects, cellAt(0)),
      paidBody(subjects, cellAt(1, { labels: [1] })),
      paidBody(subjects, cellAt(0, other)),
    ];
    expect(verifyLedgerExport(forgedExport(bodies)).head.sequence).toBe(4);
  });

  test.each<[string, RegExp, EntryBody[]]>([
    [
      'a longer window, for the same reservation',
      /another window/,
      [subjects, paidBody(subjects, cellAt(0)), paidBody(subjects, cellAt(0, { rangeStart: 120, rangeEnd: 240 }))],
    ],
    [
      'a window that overlaps others',
      /none of its plan does/,
      [subjects, paidBody(subjects, cellAt(0)), paidBody(subjects, cellAt(0, { rangeStart: 30, rangeEnd: 90 }))],
    ],
    [
      'less noise than before',
      /other noise before/,
      [reservedBody(cellAt(0)), reservedBody(cellAt(1), { payment: ownPayment('1/5') })],
    ],
    [
      'another domain',
      /another window, domain/,
      [reservedBody(cellAt(0)), reservedBody(cellAt(1), { domain: 'staff' })],
    ],
    [
      'other terms, the day after',
      /other terms before/,
      [subjects, paidBody(subjects, cellAt(0)), tomorrow, paidBody(tomorrow, cellAt(1440))],
    ],
  ])('%s', (_name, message, bodies) => {
    const lines = forgedExport(bodies);
    expect(verifyLedgerExport(lines.slice(0, -1)).head.sequence).toBe(bodies.length - 1);
    expect(() => verifyLedgerExport(lines)).toThrow(expect.objectContaining({ code: 'ledger_corrupt' }));
    expect(() => verifyLedgerExport(lines)).toThrow(message);
  });
});

describe('a clock that was set back', () => {
  const times = (bodies: readonly EntryBody[]) => verifyLedgerExport(forgedExport(bodies)).clockSetBack;

  test('by more than a minute is shown with the entry, and once', () => {
    const bodies = [7, 0, 1].map((window) => reservedBody(cellAt(window)));
    expect(times(bodies)).toEqual([{ sequence: 2, at: 60, after: 480 }]);
  });

  test('by a minute is not, but a minute after a minute is two', () => {
    const [first, second, third] = [240, 180, 120].map((at) => reservedBody(cellAt(1, { labels: [at] }), { at }));
    expect(times([first!, second!])).toEqual([]);
    expect(times([first!, second!, third!])).toEqual([{ sequence: 3, at: 120, after: 240 }]);
  });
});

test('an export of an older version is refused, and that is said', () => {
  const { reports, ...older } = periodBody();
  expect(reports).toHaveLength(1);
  expect(() => verifyLedgerExport(forgedExport([older as ReservedPeriodBody]))).toThrow(
    /entry 1 .*another version of telemetry-kit/,
  );
});

describe('compared with signed plans', () => {
  const events = testPlan();
  const open = openPlan();

  function bodiesOf({ ledger }: TestService): EntryBody[] {
    return [...ledger.entries()].map(({ body }) => JSON.parse(body) as EntryBody);
  }

  async function releasedEvents(): Promise<EntryBody[]> {
    const running = startService();
    await running.service.releaseWindow(
      requestFor(events, 0, [
        cellOf([aggregateOf([1n, 2n])]),
        cellOf([aggregateOf([1n, 2n, 3n, 4n, 5n])], { measurement: 1 }),
      ]),
    );
    return bodiesOf(running);
  }

  async function releasedKeys(): Promise<EntryBody[]> {
    const running = startService({ plans: [open] });
    const start = 1_700_000_000 - (1_700_000_000 % 3600);
    const window = { planHash: open.hash, report: 0, windowStart: start, windowEnd: start + 3600 };
    await running.service.selectKeys({ ...window, keys: [{ key: 'many', aggregates: [aggregateOf([1000n])] }] });
    const cells = [OTHER_KEY, 'many'].map((label) => cellOf([aggregateOf([5n, 1n])], { labels: [label] }));
    await running.service.releaseWindow({ ...window, cells });
    return bodiesOf(running);
  }

  /** The bodies with the first one changed that this says something about. */
  function changed(bodies: readonly EntryBody[], change: (body: ReservedBody) => Partial<ReservedBody>): EntryBody[] {
    const index = bodies.findIndex(({ state }) => state === 'RESERVED');
    const body = bodies[index] as ReservedBody;
    const other = { ...body, ...change(body) };
    const releaseId = releaseIdOf(other.cell);
    return bodies.map((each, at) => {
      if (at === index) return { ...other, releaseId };
      return 'releaseId' in each && each.releaseId === body.releaseId ? { ...each, releaseId } : each;
    });
  }

  const paying = (payment: ReservedBody['payment'], most?: string): ReservedBody['payment'] =>
    payment.by === 'release' && most !== undefined
      ? { ...payment, limits: payment.limits.map((limit) => ({ ...limit, most })) }
      : payment;

  test('true ledgers are as they lead to; without them it is said what was not compared', async () => {
    const [ofEvents, ofKeys] = [await releasedEvents(), await releasedKeys()];
    expect(verifyLedgerExport(forgedExport(ofEvents), { plans: [open, events] }).plans).toEqual({
      checked: 2,
      unchecked: 0,
      missing: [],
    });
    expect(verifyLedgerExport(forgedExport(ofKeys), { plans: [open, events] }).plans).toEqual({
      checked: 4,
      unchecked: 0,
      missing: [],
    });
    expect(verifyLedgerExport(forgedExport(ofKeys)).plans).toEqual({
      checked: 0,
      unchecked: 4,
      missing: ['shop', open.hashText],
    });
  });

  test.each<[string, RegExp, (body: ReservedBody) => Partial<ReservedBody>]>([
    [
      'noise of another epsilon, though it is paid for',
      /noise, unit or threshold/,
      ({ noise, payment }) => ({
        noise: noise.map((slot) => ({ ...slot, parameter: '1/2' })),
        payment: { ...payment, cost: laplaceCost('2') } as ReservedBody['payment'],
      }),
    ],
    ['limits above the declared ones', /limits allow more/, ({ payment }) => ({ payment: paying(payment, '999') })],
    [
      'a window of another length',
      /no such window/,
      ({ cell }) => ({
        cell: {
          ...cell,
          rangeStart: cell.rangeStart - (cell.rangeStart % 120),
          rangeEnd: cell.rangeStart - (cell.rangeStart % 120) + 120,
        },
      }),
    ],
    ['a label that is not listed', /no such cell/, ({ cell }) => ({ cell: { ...cell, labels: [9] } })],
    ['a report that is not there', /no such cell/, ({ cell }) => ({ cell: { ...cell, report: 4 } })],
    [
      'a key that is not the plan’s',
      /does not name the keys/,
      ({ cell }) => ({ cell: { ...cell, kids: ['A'.repeat(43)] } }),
    ],
  ])('%s', async (_name, message, change) => {
    const [first] = changed(await releasedEvents(), change);
    const lines = forgedExport([first!]);
    expect(verifyLedgerExport(lines).head.sequence).toBe(1);
    expect(() => verifyLedgerExport(lines, { plans: [events] })).toThrow(message);
  });

  test('a threshold that is not the plan’s, and bounds that its reservation does not have', async () => {
    const bodies = await releasedKeys();
    const higher = changed(bodies, ({ selection }) => ({
      selection: { ...selection!, threshold: String(1 + Number(selection!.threshold)) },
    }));
    expect(verifyLedgerExport(forgedExport(higher)).plans.unchecked).toBe(4);
    expect(() => verifyLedgerExport(forgedExport(higher), { plans: [open] })).toThrow(/noise, unit or threshold/);
    const reservation = bodies[0] as ReservedPeriodBody;
    const bounds = { ...reservation.bounds!, visits: 7 };
    const wider = forgedExport([{ ...reservation, bounds }]);
    expect(verifyLedgerExport(wider).plans.unchecked).toBe(1);
    expect(() => verifyLedgerExport(wider, { plans: [open] })).toThrow(/bounds or costs/);
  });
});
