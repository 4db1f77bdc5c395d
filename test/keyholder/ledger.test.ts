import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Ledger, openLedger } from '../../src/keyholder/ledger.js';
import {
  createEntry,
  GENESIS,
  sequenceAfter,
  type BurnedBody,
  type EntryBody,
  type ReservedBody,
  type ReservedPeriodBody,
} from '../../src/keyholder/ledger-entry.js';
import { cellIdOf, type CellIdentity } from '../../src/keyholder/release-id.js';
import { closeSqlite, openSqlite } from '../../src/service/sqlite.js';
import {
  append,
  cellAt,
  DAY,
  laplaceCost,
  ownPayment,
  paidBody,
  paidStream,
  periodBody,
  publishedBody,
  reservedBody,
  sealedBody,
  spentEpsilon,
} from '../support/ledger.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function open(path: string): Ledger {
  const ledger = openLedger(path);
  onTestFinished(() => {
    ledger.close();
  });
  return ledger;
}

/** A ledger file with three releases, each as far as its number says; closed. */
function writtenLedger(): string {
  const path = join(temporaryFolder(), 'ledger.sqlite');
  const ledger = openLedger(path);
  append(
    ledger,
    [0, 1, 2].map((window) => reservedBody(cellAt(window))),
  );
  append(ledger, [sealedBody(cellAt(1)), sealedBody(cellAt(2))]);
  append(ledger, [publishedBody(cellAt(2))]);
  ledger.close();
  return path;
}

/** Edits the file as somebody would who knows SQLite. */
function tamper(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(`DROP TRIGGER entries_are_not_changed; DROP TRIGGER entries_are_not_removed;
    DROP TRIGGER entries_follow_each_other; ${sql}`);
  database.close();
}

describe('what is written', () => {
  test('is there after opening again: states, outcome, position, budget', () => {
    const ledger = open(writtenLedger());
    expect(ledger.head.sequence).toBe(6);
    expect(ledger.find(cellAt(0))).toMatchObject({ sealed: undefined, published: false });
    expect(ledger.find(cellAt(1))?.sealed).toMatchObject({
      outcome: { status: 'released', values: ['-3', '12'] },
      position: { sequence: 4 },
    });
    expect(ledger.find(cellAt(2))).toMatchObject({
      published: true,
      reserved: { domain: 'shop' },
    });
    expect(ledger.find(cellAt(3))).toBeUndefined();
    expect(spentEpsilon(ledger, 'shop', 'day', 0)).toBe('3/10');
  });

  test('a cell is found whichever keys it was released under', () => {
    const ledger = open(writtenLedger());
    expect(ledger.find(cellAt(1, { kids: [] }))?.reserved.cell.kids).toHaveLength(1);
  });

  test('debits count in the hour, the day and the week of the window', () => {
    const ledger = open(join(temporaryFolder(), 'ledger.sqlite'));
    const late = cellAt((DAY + 3600) / 60);
    append(ledger, [reservedBody(cellAt(0)), reservedBody(cellAt(59)), reservedBody(cellAt(60)), reservedBody(late)]);
    const spent = (period: 'hour' | 'day' | 'week', start: number): string =>
      spentEpsilon(ledger, 'shop', period, start);
    expect([spent('hour', 0), spent('hour', 3600), spent('day', 0), spent('day', DAY)]).toEqual([
      '1/5',
      '1/10',
      '3/10',
      '1/10',
    ]);
    expect(spent('week', 0)).toBe('2/5');
    expect(spentEpsilon(ledger, 'other', 'day', 0)).toBe('0');
  });

  test('a window that crosses the end of a period counts in both', () => {
    const ledger = open(join(temporaryFolder(), 'ledger.sqlite'));
    append(ledger, [reservedBody(cellAt(0, { rangeStart: DAY - 60, rangeEnd: DAY + 3660 }))]);
    const spent = (period: 'hour' | 'day', start: number): string => spentEpsilon(ledger, 'shop', period, start);
    expect([DAY - 7200, DAY - 3600, DAY, DAY + 3600, DAY + 7200].map((start) => spent('hour', start))).toEqual([
      '0',
      '1/10',
      '1/10',
      '1/10',
      '0',
    ]);
    expect([0, DAY, 2 * DAY].map((start) => spent('day', start))).toEqual(['1/10', '1/10', '0']);
  });

  test('a cell refused for want of budget costs nothing', () => {
    const path = join(temporaryFolder(), 'ledger.sqlite');
    const ledger = openLedger(path);
    append(ledger, [reservedBody(cellAt(0), { decision: 'budget', payment: ownPayment('2') })]);
    append(ledger, [sealedBody(cellAt(0), { status: 'suppressed', reason: 'budget' })]);
    ledger.close();
    expect(spentEpsilon(open(path), 'shop', 'day', 0)).toBe('0');
  });

  test('the file is for its owner only', () => {
    expect(statSync(writtenLedger()).mode & 0o777).toBe(0o600);
  });
});

describe('the database refuses', () => {
  test.each([
    ['changing an entry', "UPDATE entries SET body = '{}' WHERE sequence = 1"],
    ['removing an entry', 'DELETE FROM entries WHERE sequence = 6'],
    ['replacing an entry', "INSERT OR REPLACE INTO entries SELECT 1, 'RESERVED', 'x', 'y', '', '', ''"],
    ['leaving a gap', "INSERT INTO entries VALUES (9, 'RESERVED', 'x', 'y', '', '', '')"],
    ['sealing what is not reserved', "INSERT INTO entries VALUES (7, 'SEALED', 'x', NULL, '', '', '')"],
    [
      'reserving a cell twice',
      "INSERT INTO entries SELECT 7, 'RESERVED', 'x', cell_id, '', '', '' FROM entries WHERE sequence = 1",
    ],
    [
      'a second outcome',
      "INSERT INTO entries SELECT 7, 'SEALED', release_id, NULL, '', '', '' FROM entries WHERE sequence = 4",
    ],
  ])('%s', (_name, sql) => {
    const database = openSqlite(writtenLedger());
    onTestFinished(() => {
      closeSqlite(database);
    });
    expect(() => database.exec(sql)).toThrow();
    expect(database.prepare('SELECT COUNT(*) AS n FROM entries').get()).toMatchObject({ n: 6 });
  });
});

describe('opening a ledger that was edited names the first bad entry', () => {
  test('and one that was not is accepted', () => {
    expect(open(writtenLedger()).head.sequence).toBe(6);
  });

  test.each([
    [2, `UPDATE entries SET body = replace(body, '"1/10"', '"1/99"') WHERE sequence = 2`],
    [4, `UPDATE entries SET body = replace(body, '"12"', '"13"') WHERE sequence = 4`],
    [3, 'DELETE FROM entries WHERE sequence = 3'],
    [1, 'DELETE FROM entries WHERE sequence = 1'],
    [2, `UPDATE entries SET hash = (SELECT hash FROM entries WHERE sequence = 1) WHERE sequence = 2`],
    [5, `UPDATE entries SET previous_hash = (SELECT hash FROM entries WHERE sequence = 1) WHERE sequence = 5`],
    [4, `UPDATE entries SET body = 'not json' WHERE sequence = 4`],
    [1, `UPDATE entries SET release_id = 'other' WHERE sequence = 1`],
    [1, `UPDATE entries SET cell_id = 'other' WHERE sequence = 1`],
    [3, `UPDATE entries SET sequence = 33 WHERE sequence = 3; UPDATE entries SET sequence = 3 WHERE sequence = 4`],
  ])('entry %i', (sequence, sql) => {
    const path = writtenLedger();
    tamper(path, sql);
    expect(() => openLedger(path)).toThrow(
      expect.objectContaining({
        code: 'ledger_corrupt',
        message: expect.stringContaining(`entry ${String(sequence)} `) as string,
      }),
    );
  });

  test('a ledger of a newer version, and a file that is none, are refused', () => {
    const path = writtenLedger();
    const database = new Database(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openLedger(path)).toThrow(expect.objectContaining({ code: 'storage' }));
    const older = writtenLedger();
    const olderDatabase = new Database(older);
    olderDatabase.exec('PRAGMA user_version = 2');
    olderDatabase.close();
    expect(() => openLedger(older)).toThrow(/format 2.*another version of telemetry-kit/);
    const text = join(temporaryFolder(), 'ledger.sqlite');
    writeFileSync(text, 'not a database, '.repeat(100));
    expect(() => openLedger(text)).toThrow(expect.objectContaining({ code: 'ledger_corrupt' }));
  });
});

/** A reservation of running totals over a day, and one of them in this window. */
function totalIn(
  range: { readonly rangeStart: number; readonly rangeEnd: number },
  mechanism: ReservedBody['mechanism'] = GAUSSIAN,
): EntryBody[] {
  const cost = { rho: '1/100', delta: '0' };
  const limits = [{ period: 'day', measure: 'rho', most: '1', delta: '0' }] as const;
  const reservation = periodBody({ cost, reports: [[paidStream(cost, { kind: 'total' })]], limits: [...limits] });
  return [reservation, paidBody(reservation, cellAt(0, { kind: 'total', ...range }), { mechanism })];
}

/** One selection a day of one key a subject: scale 1, and noise of both servers. */
function selectionIn({
  keysPerSubject = 1,
  threshold = 100,
  servers = 2,
  ...overrides
}: SelectionOptions = {}): EntryBody[] {
  const cost = { epsilon: '1', rho: '1/2', delta: '1/1000000' };
  const reservation = periodBody({
    cost,
    reports: [[paidStream(cost, { kind: 'selection' })]],
    limits: [{ period: 'day', measure: 'epsilon', most: '1', delta: '1/1000000' }],
  });
  const cell = cellAt(0, { kind: 'selection', labels: [], rangeEnd: DAY, ...overrides.cell });
  return [
    reservation,
    paidBody(reservation, cell, {
      noise: [{ parameter: '1', bound: '1' }],
      selection: { keysPerSubject, threshold: String(threshold), servers },
      ...overrides.body,
    }),
  ];
}

/** The same in a reservation of the unit `event`, which has no bounds of subjects. */
function selectionOfEvents(threshold: number): EntryBody[] {
  const [subjects, release] = selectionIn({ threshold, body: { unit: 'event' } }) as [ReservedPeriodBody, ReservedBody];
  const reservation: ReservedPeriodBody = { ...subjects, unit: 'event' };
  delete (reservation as { bounds?: unknown }).bounds;
  return [reservation, release];
}

interface SelectionOptions {
  readonly keysPerSubject?: number;
  readonly threshold?: number;
  readonly servers?: 1 | 2;
  readonly cell?: Partial<CellIdentity>;
  readonly body?: Partial<ReservedBody>;
}

/** Least m with P[noise of both servers >= m] <= 1e-6 where the scale is 1, and 1 for the key's own subject. */
function leastThreshold(): number {
  const p = Math.exp(-1);
  const law = (value: number): number => ((1 - p) / (1 + p)) * p ** Math.abs(value);
  const reach = Array.from({ length: 161 }, (_, index) => index - 80);
  const tail = (least: number): number =>
    reach.reduce((sum, a) => sum + reach.reduce((of, b) => of + (a + b >= least ? law(a) * law(b) : 0), 0), 0);
  let excess = 1;
  while (tail(excess) > 1e-6) excess += 1;
  return 1 + excess;
}

function selectionFaults(): [string, RegExp, EntryBody[]][] {
  const least = leastThreshold();
  return [
    [
      'a selection with a lower threshold than its delta needs',
      /threshold is too low/,
      selectionIn({ threshold: least - 1 }),
    ],
    ['a selection of more keys a subject than is paid for', /cost is not that/, selectionIn({ keysPerSubject: 2 })],
    [
      'a selection with less noise than is paid for',
      /cost is not that/,
      selectionIn({ body: { noise: [{ parameter: '1/2', bound: '1' }] } }),
    ],
    [
      'a selection under Gaussian noise',
      /noise is not that of a selection/,
      selectionIn({ body: { mechanism: GAUSSIAN } }),
    ],
    [
      'a selection of half a period',
      /once a period of subjects/,
      selectionIn({ threshold: least, cell: { rangeEnd: DAY / 2 } }),
    ],
    ['a selection of events', /once a period of subjects/, selectionOfEvents(least)],
    [
      'a selection with two noises',
      /noise is not that of a selection/,
      selectionIn({
        body: {
          noise: [
            { parameter: '1', bound: '1' },
            { parameter: '1', bound: '1' },
          ],
        },
      }),
    ],
  ];
}

const GAUSSIAN = 'discrete-gaussian';

describe('a whole chain that is well hashed but wrong in substance', () => {
  /** Writes entries with correct hashes, past every check of the ledger and its triggers. */
  function forged(bodies: readonly EntryBody[]): string {
    const path = writtenLedger();
    tamper(path, 'DELETE FROM entries; DROP TRIGGER states_follow_each_other');
    const database = new Database(path);
    let previous = GENESIS;
    let sequence = 0;
    bodies.forEach((body) => {
      const entry = createEntry(sequenceAfter(sequence, body), previous, body);
      ({ sequence, hash: previous } = entry);
      const cell = body.state === 'RESERVED' ? cellIdOf(body.cell) : null;
      const release = 'releaseId' in body ? body.releaseId : null;
      database
        .prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(entry.sequence, body.state, release, cell, entry.previousHash, entry.hash, entry.body);
    });
    database.close();
    return path;
  }

  const cell = cellAt(0);
  const OTHER_TERMS = reservedBody(cellAt(5)).releaseId;
  const ANOTHER_WAY = /paid for in another way/;
  const NOT_ITS_OWN = /reservation that is not its own/;
  const costing = (epsilon: string): Pick<ReservedPeriodBody, 'cost' | 'reports'> => {
    const cost = laplaceCost(epsilon);
    return { cost, reports: [[paidStream(cost)]] };
  };
  const nextDay = periodBody({ periodStart: DAY });
  const staff = periodBody({ domain: 'staff' });
  const tooMuch = periodBody({ ...costing('2'), decision: 'budget' });
  /** Nine entries were seen elsewhere, of which the first minute's window may have been released. */
  const burnedBody = (overrides: Partial<BurnedBody> = {}): BurnedBody => ({
    state: 'BURNED',
    at: 60,
    anchor: { sequence: 9, hash: OTHER_TERMS },
    lastKnown: 0,
    until: 60,
    ...overrides,
  });
  const byPeriod = (reservation: ReservedPeriodBody, overrides: Partial<ReservedBody> = {}): ReservedBody =>
    paidBody(reservation, cell, overrides);
  const OTHER_DECISION = /decision is not the one/;
  const PAID = byPeriod(periodBody()).payment as Extract<ReservedBody['payment'], { readonly by: 'period' }>;
  const unbounded = (body: ReservedPeriodBody): ReservedPeriodBody => {
    const copy = { ...body };
    delete copy.bounds;
    return copy;
  };
  const LOWER = byPeriod(periodBody());
  const parts = periodBody().reports;
  const subjects = (overrides: Partial<ReservedPeriodBody>): EntryBody[] => {
    const reservation = periodBody(overrides);
    return [reservation, byPeriod(reservation)];
  };
  /** What a reservation pays for, each with one thing wrong. */
  const NEW_FAULTS: [string, RegExp, EntryBody[]][] = [
    [
      'less noise than its reservation pays for',
      /cost is not that of its noise/,
      [periodBody(), byPeriod(periodBody(), { noise: [{ parameter: '2', bound: '1' }] })],
    ],
    [
      'a larger step than its reservation pays for',
      /cost is not that of its noise/,
      [periodBody(), byPeriod(periodBody(), { noise: [{ parameter: '3', bound: '2' }] })],
    ],
    [
      'noise for fewer visits than its reservation allows',
      /cost is not that of its noise/,
      [periodBody({ bounds: { visits: 4, visitsPerWindow: 4, processes: 1 } }), LOWER],
    ],
    [
      'noise for fewer processes than its reservation allows',
      /cost is not that of its noise/,
      [periodBody({ bounds: { visits: 3, visitsPerWindow: 3, processes: 2 } }), LOWER],
    ],
    [
      'a measurement that its reservation does not name',
      /does not pay for it/,
      [periodBody(), paidBody(periodBody(), cellAt(0, { measurement: 1 }))],
    ],
    [
      'a report that its reservation does not name',
      /does not pay for it/,
      [periodBody(), paidBody(periodBody(), cellAt(0, { report: 1 }))],
    ],
    [
      'a kind that its reservation does not name',
      /does not pay for it/,
      [periodBody(), paidBody(periodBody(), cellAt(0, { kind: 'total' }))],
    ],
    [
      'paid for by that of another plan',
      NOT_ITS_OWN,
      [periodBody(), byPeriod(periodBody(), { payment: { ...PAID, plan: 'other' } })],
    ],
    [
      'paid for by that of other terms',
      NOT_ITS_OWN,
      [periodBody(), byPeriod(periodBody(), { payment: { ...PAID, terms: OTHER_TERMS } })],
    ],
    ['paid for by that of another share', NOT_ITS_OWN, [periodBody({ share: 'queries' }), byPeriod(periodBody())]],
    [
      'paid for by a reservation too many',
      NOT_ITS_OWN,
      [
        periodBody(),
        nextDay,
        byPeriod(periodBody(), {
          payment: { ...PAID, reservations: [...PAID.reservations, nextDay.reservationId] },
        }),
      ],
    ],
    [
      'paid for in one of two days',
      NOT_ITS_OWN,
      [periodBody(), nextDay, paidBody(periodBody(), cellAt(0, { rangeStart: DAY - 60, rangeEnd: DAY + 60 }))],
    ],
    ['a window of subjects that pays for itself', ANOTHER_WAY, [reservedBody(cell, { unit: 'user-period' })]],
    ['a total that pays for itself', ANOTHER_WAY, [reservedBody(cellAt(0, { kind: 'total' }))]],
    [
      'a report that is paid for twice',
      /something twice/,
      subjects({ ...costing('1/2'), reports: [[...parts[0]!, ...parts[0]!]] }),
    ],
    ['subjects without bounds', /bounds are not of its unit/, [unbounded(periodBody())]],
    ['bounds of events', /bounds are not of its unit/, [periodBody({ unit: 'event' })]],
    [
      'a running total under Laplace noise',
      /no Gaussian noise/,
      totalIn({ rangeStart: 0, rangeEnd: 3600 }, 'discrete-laplace'),
    ],
    [
      'a total whose windows do not fill its period',
      /do not fill its period/,
      totalIn({ rangeStart: 0, rangeEnd: 7000 }),
    ],
    ['a total of windows that begin elsewhere', /do not fill its period/, totalIn({ rangeStart: 60, rangeEnd: 3660 })],
    ...selectionFaults(),
  ];
  const DAY_LIMIT = { period: 'day', measure: 'epsilon', most: '1', delta: '0' } as const;
  const HOUR_LIMIT = { ...DAY_LIMIT, period: 'hour', most: '1/10' } as const;
  test('and one that is right in substance is accepted', () => {
    const least = leastThreshold();
    expect(open(forged(selectionIn({ threshold: least }))).head.sequence).toBe(2);
    const bodies = [periodBody(), byPeriod(periodBody()), sealedBody(cell), publishedBody(cell)];
    expect(open(forged(bodies)).head.sequence).toBe(4);
    expect(open(forged([tooMuch, byPeriod(tooMuch, { decision: 'budget' })])).head.sequence).toBe(2);
    // Eight entries are lost: the next number is the tenth.
    const burned = reservedBody(cell, { decision: 'burned' });
    const outcome = sealedBody(cell, { status: 'suppressed', reason: 'error' });
    const ledger = open(forged([reservedBody(cellAt(7)), burnedBody({ lastKnown: 1, until: 480 }), burned, outcome]));
    expect(ledger.head.sequence).toBe(12);
    expect(ledger.knows({ sequence: 5, hash: OTHER_TERMS })).toBe(true);
    expect(ledger.knows({ sequence: 1, hash: OTHER_TERMS })).toBe(false);
  });

  test.each<[string, RegExp, EntryBody[]]>([
    ['budget exceeded', OTHER_DECISION, [reservedBody(cell, { payment: ownPayment('11/10') })]],
    ['refused though it fits', OTHER_DECISION, [reservedBody(cell, { decision: 'budget' })]],
    [
      'release id of another cell',
      /release id/,
      [{ ...reservedBody(cell), releaseId: reservedBody(cellAt(1)).releaseId }],
    ],
    [
      'a limit that is named twice',
      /limit twice/,
      [reservedBody(cell, { payment: ownPayment('1/10', [DAY_LIMIT, DAY_LIMIT]) })],
    ],
    ['no limit at all', /malformed/, [reservedBody(cell, { payment: { ...ownPayment(), limits: [] } as never })]],
    [
      'the second of two limits exceeded',
      OTHER_DECISION,
      [reservedBody(cell, { payment: ownPayment('1/2', [DAY_LIMIT, HOUR_LIMIT]) })],
    ],
    [
      'the budget of the second hour it touches exceeded',
      OTHER_DECISION,
      [
        reservedBody(cellAt(61), { period: 'hour', payment: ownPayment('1/10', [HOUR_LIMIT]) }),
        reservedBody(cellAt(59, { rangeEnd: 60 * 61 }), {
          period: 'hour',
          payment: ownPayment('1/10', [HOUR_LIMIT]),
        }),
      ],
    ],
    ['a window longer than any', /longer than any/, [reservedBody(cellAt(0, { rangeEnd: 32 * DAY }))]],
    ['paid for by another share than its kind', /another share/, [reservedBody(cell, { share: 'queries' })]],
    [
      'a limit of another share',
      /limit of another share/,
      [reservedBody(cell, { payment: ownPayment('1/10', [DAY_LIMIT, { ...DAY_LIMIT, share: 'queries' }]) })],
    ],
    [
      'a cost below that of its noise',
      /cost is not that of its noise/,
      [reservedBody(cell, { noise: [{ parameter: '5', bound: '1' }] })],
    ],
    [
      'a cost of one slot where a span changes all',
      /cost is not that of its noise/,
      [reservedBody(cell, { changes: 'all' })],
    ],
    ['no noise at all', /cost is not that of its noise/, [reservedBody(cell, { noise: [] })]],
    ['noise of size 0', /its noise is none/, [reservedBody(cell, { noise: [{ parameter: '0', bound: '1' }] })]],
    ...NEW_FAULTS,
    ['a period reserved twice', /period twice/, [periodBody(), periodBody()]],
    ['a period that does not fit', OTHER_DECISION, [periodBody({ ...costing('2') })]],
    ['a period refused though it fits', OTHER_DECISION, [periodBody({ decision: 'budget' })]],
    ['a period reserved under other terms as well', OTHER_DECISION, [periodBody(), periodBody({ terms: OTHER_TERMS })]],
    ['a reservation of other terms than its own', /of its terms/, [periodBody({ reservationId: OTHER_TERMS })]],
    ['a period that begins in the middle', /does not begin there/, [periodBody({ periodStart: 60 })]],
    ['reports that cost more than is debited', /costs of its reports/, [periodBody({ cost: costing('1/2').cost })]],
    ['paid for by no reservation', NOT_ITS_OWN, [byPeriod(periodBody())]],
    ['paid for by that of another day', NOT_ITS_OWN, [nextDay, byPeriod(nextDay)]],
    ['paid for by that of another domain', NOT_ITS_OWN, [staff, byPeriod(staff, { domain: 'shop' })]],
    ['paid for by that of another unit', ANOTHER_WAY, [periodBody(), byPeriod(periodBody(), { unit: 'event' })]],
    ['granted though its period is not', OTHER_DECISION, [tooMuch, byPeriod(tooMuch)]],
    [
      'refused though its period is granted',
      OTHER_DECISION,
      [periodBody(), byPeriod(periodBody(), { decision: 'budget' })],
    ],
    ['of events in a period of subjects', OTHER_DECISION, [periodBody(), reservedBody(cell)]],
    ['burned after another entry than the last', /last that is known/, [burnedBody({ lastKnown: 5 })]],
    ['released though its window is burned', OTHER_DECISION, [burnedBody(), reservedBody(cell)]],
    ['released though its period has lost entries', OTHER_DECISION, [burnedBody(), reservedBody(cellAt(1))]],
    [
      'sealed though it was reserved before entries were lost',
      /sealed in lost entries/,
      [reservedBody(cellAt(7)), burnedBody({ lastKnown: 1, until: 480 }), sealedBody(cellAt(7))],
    ],
    [
      'handed out though entries were lost after it',
      /entries were lost after/,
      [
        reservedBody(cellAt(7)),
        sealedBody(cellAt(7)),
        burnedBody({ lastKnown: 2, until: 480 }),
        publishedBody(cellAt(7)),
      ],
    ],
    [
      'burned until before the newest entry',
      /burns less/,
      [reservedBody(cellAt(7)), burnedBody({ lastKnown: 1, until: 479 })],
    ],
    ['burned until before its own time', /burns less/, [burnedBody({ at: 61 })]],
    [
      'a value more than noises',
      /one value for each/,
      [reservedBody(cell), sealedBody(cell, { status: 'released', values: ['1', '2', '3'] })],
    ],
    [
      'a value fewer than noises',
      /one value for each/,
      [reservedBody(cell), sealedBody(cell, { status: 'released', values: ['1'] })],
    ],
    ['decided before its window was over', /window was over/, [reservedBody(cell, { at: 59 })]],
    ['a period decided before it began', /period began/, [periodBody({ periodStart: DAY, at: DAY - 1 })]],
    [
      'limits, but none of its own period',
      /no limit for its period/,
      [reservedBody(cell, { payment: ownPayment('1/10', [HOUR_LIMIT]) })],
    ],
    [
      'a limit of its share, but none of its own period as a whole',
      /no limit for its period/,
      [reservedBody(cell, { payment: ownPayment('1/10', [{ ...DAY_LIMIT, share: 'streams' }]) })],
    ],
    ['a period without a limit of its own', /no limit for its period/, [periodBody({ limits: [HOUR_LIMIT] })]],
    ['burned though its window is not', OTHER_DECISION, [reservedBody(cell, { decision: 'burned' })]],
    [
      'burned, but for want of budget',
      /contradicts/,
      [
        burnedBody(),
        reservedBody(cell, { decision: 'burned' }),
        sealedBody(cell, { status: 'suppressed', reason: 'budget' }),
      ],
    ],
    ['sealed without reservation', /not reserved/, [sealedBody(cell)]],
    ['published before sealed', /not sealed/, [reservedBody(cell), publishedBody(cell)]],
    [
      'suppressed for budget though granted',
      /contradicts/,
      [reservedBody(cell), sealedBody(cell, { status: 'suppressed', reason: 'budget' })],
    ],
    [
      'released though refused',
      /contradicts/,
      [reservedBody(cell, { decision: 'budget', payment: ownPayment('2') }), sealedBody(cell)],
    ],
  ])('%s', (_name, message, bodies) => {
    const path = forged(bodies);
    expect(() => openLedger(path)).toThrow(expect.objectContaining({ code: 'ledger_corrupt' }));
    expect(() => openLedger(path)).toThrow(message);
  });
});

describe('a failed write', () => {
  test('on a full disk stops the ledger for good, and nothing of it is there after a restart', () => {
    const path = join(temporaryFolder(), 'ledger.sqlite');
    const database = openSqlite(path);
    const ledger = Ledger.fromDatabase(database);
    append(ledger, [reservedBody(cellAt(0))]);
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.pragma(`max_page_count = ${String(pages)}`);

    const many = Array.from({ length: 200 }, (_, window) =>
      reservedBody(cellAt(window + 1), { payment: ownPayment('1/1000') }),
    );
    expect(() => append(ledger, many)).toThrow(expect.objectContaining({ code: 'storage' }));
    expect(ledger.usable).toBe(false);
    expect(() => append(ledger, [sealedBody(cellAt(0))])).toThrow(expect.objectContaining({ code: 'storage' }));
    expect(() => ledger.find(cellAt(0))).toThrow(expect.objectContaining({ code: 'storage' }));
    ledger.close();

    const again = open(path);
    expect(again.head.sequence).toBe(1);
    expect(spentEpsilon(again, 'shop', 'day', 0)).toBe('1/10');
  });

  test('what the database refuses stops it too', () => {
    const ledger = open(join(temporaryFolder(), 'ledger.sqlite'));
    expect(() => append(ledger, [sealedBody(cellAt(0))])).toThrow(expect.objectContaining({ code: 'storage' }));
    expect(ledger.usable).toBe(false);
  });
});

test('a second holder of one ledger is told so', () => {
  const path = join(temporaryFolder(), 'ledger.sqlite');
  open(path);
  expect(() => openLedger(path)).toThrow(expect.objectContaining({ code: 'already_running' }));
});
