/** A ledger that is opened at a snapshot decides as one that is read from its first entry, and nothing about it is taken on trust. */
import { join } from 'node:path';
import * as fc from 'fast-check';
import Database from 'libsql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LedgerChain } from '../../src/keyholder/ledger-chain.js';
import { createEntry, type EntryBody, type LedgerEntry } from '../../src/keyholder/ledger-entry.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { describeState, restoreState, stateHash } from '../../src/keyholder/ledger-snapshot.js';
import { Ledger, openLedger } from '../../src/keyholder/ledger.js';
import { openSqlite } from '../../src/service/sqlite.js';
import {
  append,
  cellAt,
  DAY,
  laplaceCost,
  ownPayment,
  paidStream,
  periodBody,
  publishedBody,
  reservedBody,
  sealedBody,
} from '../support/ledger.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const EVERY = 5;

function open(path: string): Ledger {
  const ledger = openLedger(path, { snapshotEvery: EVERY });
  onTestFinished(() => {
    ledger.close();
  });
  return ledger;
}

function newPath(): string {
  return join(temporaryFolder(), 'ledger.sqlite');
}

/** Releases of ten windows in two days, with a period of subjects in another domain; snapshots at 6, 12, 18, 24 and 30. */
function written(): string {
  const path = newPath();
  const ledger = open(path);
  append(ledger, [periodBody({ domain: 'staff' })]);
  for (let window = 0; window < 10; window += 1) {
    const cell = cellAt((window * DAY) / 300);
    append(ledger, [reservedBody(cell)]);
    append(ledger, [sealedBody(cell)]);
    append(ledger, [publishedBody(cell)]);
  }
  ledger.close();
  return path;
}

function entriesOf(path: string): LedgerEntry[] {
  const ledger = openLedger(path);
  const entries = [...ledger.entries()];
  ledger.close();
  return entries;
}

/** Edits the file past its triggers. */
function tamper(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(`DROP TRIGGER entries_are_not_changed; DROP TRIGGER entries_are_not_removed; ${sql}`);
  database.close();
}

function bodyOf({ body }: LedgerEntry): EntryBody {
  return JSON.parse(body) as EntryBody;
}

describe('a snapshot', () => {
  test('is made every so many entries, in the chain, and the newest is kept', () => {
    const path = written();
    const entries = entriesOf(path);
    const snapshots = entries.filter((entry) => bodyOf(entry).state === 'SNAPSHOT').map(({ sequence }) => sequence);
    expect(snapshots).toEqual([6, 12, 18, 24, 30, 36]);
    const database = new Database(path);
    expect(database.prepare('SELECT sequence FROM snapshots').all()).toEqual([{ sequence: 36 }]);
    database.close();
    verifyLedgerExport(exportLedger(entries));
  });

  test('restores what the entries add up to', () => {
    const chain = new LedgerChain();
    for (const entry of entriesOf(written())) chain.follow(entry);
    const text = describeState(chain.state);
    expect(describeState(restoreState(text))).toBe(text);
    expect(open(written()).state.newestTime).toBe(chain.state.newestTime);
    expect(describeState(open(written()).state)).toBe(text);
  });

  test('does not make anything before it forgotten', () => {
    const path = newPath();
    const first = open(path);
    append(first, [reservedBody(cellAt(0)), reservedBody(cellAt(1)), sealedBody(cellAt(1))]);
    append(first, [reservedBody(cellAt(2)), reservedBody(cellAt(3)), reservedBody(cellAt(4))]);
    first.close();
    const second = open(path);
    expect(second.find(cellAt(1))?.sealed?.outcome).toEqual({ status: 'released', values: ['-3', '12'] });
    // Reserved before the snapshot, sealed and published after it, and read again in a tail.
    append(second, [sealedBody(cellAt(0)), publishedBody(cellAt(0)), publishedBody(cellAt(1))]);
    second.close();
    const third = open(path);
    expect(third.find(cellAt(0))).toMatchObject({ published: true });
    expect(() => {
      append(third, [reservedBody(cellAt(2))]);
    }).toThrow(expect.objectContaining({ code: 'storage' }));
  });

  test('that cannot be written stops the ledger like any failed write', () => {
    const path = newPath();
    const database = openSqlite(path);
    const ledger = Ledger.fromDatabase(database, { snapshotEvery: 300 });
    const tiny = ownPayment('1/10000');
    for (let window = 0; window < 299; window += 1) append(ledger, [reservedBody(cellAt(window), { payment: tiny })]);
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.pragma(`max_page_count = ${String(pages + 1)}`);
    expect(() => {
      append(ledger, [reservedBody(cellAt(299), { payment: tiny })]);
    }).toThrow(expect.objectContaining({ code: 'storage' }));
    expect(ledger.usable).toBe(false);
    ledger.close();
    expect(open(path).head.sequence).toBe(299);
  });
});

describe('opening notices', () => {
  const refused = (path: string, finding: RegExp): void => {
    expect(() => openLedger(path)).toThrow(expect.objectContaining({ code: 'ledger_corrupt' }));
    expect(() => openLedger(path)).toThrow(finding);
  };

  /** With a tail after the last snapshot: entries 38 to 40. */
  function withTail(): string {
    const path = written();
    const ledger = openLedger(path);
    append(ledger, [reservedBody(cellAt(5)), sealedBody(cellAt(5)), reservedBody(cellAt(6))]);
    ledger.close();
    return path;
  }

  test.each<[string, string, RegExp]>([
    [
      'a snapshot that was edited',
      `UPDATE snapshots SET state = replace(state, '"1/10"', '"1/99"')`,
      /entry 36 .*snapshot/,
    ],
    ['a snapshot that was removed', 'DELETE FROM snapshots', /entry 36 .*snapshot/],
    ['an older snapshot in its place', 'UPDATE snapshots SET sequence = 30', /entry 36 .*snapshot/],
    [
      'its entry edited',
      `UPDATE entries SET body = replace(body, '"stateHash":"', '"stateHash":"A') WHERE sequence = 36`,
      /entry 36 .*hash/,
    ],
    [
      'an entry after it edited',
      `UPDATE entries SET body = replace(body, '"12"', '"13"') WHERE sequence = 39`,
      /entry 39 .*hash/,
    ],
    ['an entry after it removed', 'DELETE FROM entries WHERE sequence = 37', /entry 37 .*missing/],
    ['a column after it edited', `UPDATE entries SET cell_id = 'other' WHERE sequence = 40`, /entry 40 .*columns/],
  ])('%s', (_name, sql, finding) => {
    const path = withTail();
    open(path).close();
    tamper(path, sql);
    refused(path, finding);
  });

  test('a snapshot whose entry was hashed again, by the entry after it', () => {
    const path = withTail();
    const entries = entriesOf(path);
    const state = describeState(
      restoreState('{"accounts":[],"spans":[],"reservations":[],"burns":[],"burnedUntil":0,"newestTime":0}'),
    );
    const forged = createEntry(36, entries[34]!.hash, { state: 'SNAPSHOT', stateHash: stateHash(state) });
    tamper(
      path,
      `UPDATE entries SET body = '${forged.body}', hash = '${forged.hash}' WHERE sequence = 36; UPDATE snapshots SET state = '${state}'`,
    );
    refused(path, /entry 37 /);
  });

  test('not what was edited before it: the audit does, from the first entry', () => {
    const path = written();
    tamper(path, `UPDATE entries SET body = replace(body, '"12"', '"13"') WHERE sequence = 3`);
    open(path).close();
    expect(() => verifyLedgerExport(exportLedger(entriesOf(path)))).toThrow(/entry 3 /);
  });
});

test('the audit notices a snapshot that is not what the entries add up to', () => {
  const entries = entriesOf(written()).slice(0, 5);
  const forged = createEntry(6, entries[4]!.hash, { state: 'SNAPSHOT', stateHash: stateHash('{}') });
  expect(() => verifyLedgerExport(exportLedger([...entries, forged]))).toThrow(/entry 6 .*add up to/);
});

/** Random debits of events, sliding or not, and of periods, in two ledgers: one opened again and again at snapshots. */
test('random histories are decided alike with snapshots and restarts as without', () => {
  const step = fc.record({
    kind: fc.constantFrom('event', 'sliding', 'period'),
    window: fc.integer({ min: 0, max: 400 }),
    cost: fc.constantFrom('1/10', '1/3', '2/7', '1'),
    domain: fc.constantFrom('shop', 'staff'),
    restart: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const path = newPath();
      const plain = new LedgerChain();
      let ledger = openLedger(path, { snapshotEvery: 3 });
      const draftOf = ({ kind, window, cost, domain }: (typeof steps)[number], index: number) => {
        const limit = { measure: 'epsilon', most: '1', delta: '0' } as const;
        const hour = { period: 'hour', ...limit };
        const limits = [kind === 'sliding' ? { ...hour, slidingStep: 60 } : hour];
        if (kind !== 'period') {
          return reservedBody(cellAt(window, { planHash: stateHash(String(index)) }), {
            domain,
            period: 'hour',
            payment: ownPayment(cost, limits),
          });
        }
        const terms = stateHash(String(index));
        return periodBody({
          domain,
          terms,
          plan: `plan${String(index)}`,
          periodStart: DAY * window,
          cost: laplaceCost(cost),
          reports: [[paidStream(laplaceCost(cost))]],
          limits: [{ period: 'day', ...limit }],
        });
      };
      steps.forEach((each, index) => {
        const draft = draftOf(each, index);
        const decide = (state: Ledger['state']): EntryBody =>
          draft.state === 'RESERVED'
            ? { ...draft, decision: state.decideRelease(draft).decision }
            : { ...draft, decision: state.decidePeriod(draft).decision };
        const body = decide(ledger.state);
        expect(body).toEqual(decide(plain.state));
        plain.state.record(body);
        append(ledger, [body]);
        if (each.restart) {
          ledger.close();
          ledger = openLedger(path, { snapshotEvery: 3 });
        }
        expect(describeState(ledger.state)).toBe(describeState(plain.state));
      });
      verifyLedgerExport(exportLedger(ledger.entries()));
      ledger.close();
    }),
    { numRuns: 30 },
  );
});
