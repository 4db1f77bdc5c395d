/** A disk that is full at any write, a file that cannot be written, one that was cut short, a clock that went back. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Ledger, openLedger } from '../../src/keyholder/ledger.js';
import type { EntryBody } from '../../src/keyholder/ledger-entry.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { ReleaseService } from '../../src/keyholder/release-service.js';
import { systemClock } from '../../src/clock.js';
import { parseCeilings } from '../../src/keyholder/ceilings.js';
import { systemRandom } from '../../src/random.js';
import { openSqlite, type SqliteDatabase } from '../../src/service/sqlite.js';
import type { CellOutcome } from '../../src/wire/release.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, ALL_TIME_DAYS, cellOf, FIRST_WINDOW, requestFor } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { append, cellAt, reservedBody } from '../support/ledger.js';
import { pino } from 'pino';

const plan = testPlan();
const request = requestFor(
  plan,
  0,
  [0, 1].flatMap((measurement) =>
    [0, 1, 2].map((label) => cellOf([aggregateOf([5n, 6n])], { labels: [label], measurement })),
  ),
);

/** A service over a database whose behaviour the test spoils. */
function serviceOver(path: string, spoil: (database: SqliteDatabase) => void) {
  const database = openSqlite(path);
  const ledger = Ledger.fromDatabase(database, { snapshotEvery: 4 });
  onTestFinished(() => {
    ledger.close();
  });
  spoil(database);
  const service = new ReleaseService({
    plans: [plan],
    privateKeys: [testPrivateKey()],
    ceilings: parseCeilings({ epsilonPerPeriod: '100', period: 'day', epsilonPerRelease: '10' }),
    domains: ['shop'],
    maxWindowAgeDays: ALL_TIME_DAYS,
    ledger,
    clock: systemClock,
    random: systemRandom,
    logger: pino({ level: 'silent' }),
  });
  return { service, ledger };
}

function statesIn(path: string): string[] {
  const ledger = openLedger(path);
  const entries = [...ledger.entries()];
  ledger.close();
  verifyLedgerExport(exportLedger(entries));
  return entries.map(({ body }) => (JSON.parse(body) as EntryBody).state);
}

test('a disk that is full after so many pages, whichever write that stops, leaks nothing and loses nothing', async () => {
  const stoppedAfter = new Set<string>();
  // What is in the pages already decides which write needs a new one.
  for (const earlier of [0, 1, 2, 3]) {
    for (let spare = 0; ; spare += 1) {
      const path = ledgerWith(earlier);
      const answer = await askOnDisk(path, spare);
      const states = statesIn(path).slice(earlier);
      stoppedAfter.add(states.filter((state) => state !== 'SNAPSHOT').at(-1) ?? 'nothing');
      const sealed = states.includes('SEALED') ? valuesIn(path) : undefined;
      const second = await askOnDisk(path);
      // What was on disk is what is answered, now and before; what was not had never left.
      if (sealed !== undefined) expect(second?.map(valuesOf)).toEqual(sealed);
      if (answer !== undefined) expect(second).toEqual(answer);
      expect(statesIn(path).filter((state) => state === 'RESERVED')).toHaveLength(earlier + 6);
      if (answer !== undefined) break;
    }
  }
  expect(stoppedAfter).toEqual(new Set(['nothing', 'RESERVED', 'SEALED', 'PUBLISHED']));
});

function ledgerWith(reservations: number): string {
  const path = join(temporaryFolder(), 'ledger.sqlite');
  const ledger = openLedger(path);
  append(
    ledger,
    Array.from({ length: reservations }, (_, window) => reservedBody(cellAt(window))),
  );
  ledger.close();
  return path;
}

/** The answer's cells where the disk has room for them; with so many spare pages, or without a limit. */
async function askOnDisk(path: string, spare?: number): Promise<readonly CellOutcome[] | undefined> {
  const { service, ledger } = serviceOver(path, (database) => {
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    if (spare !== undefined) database.pragma(`max_page_count = ${String(pages + spare)}`);
  });
  try {
    const { cells } = await service.releaseWindow(request);
    return cells;
  } catch (error) {
    expect(error).toMatchObject({ code: 'storage', message: expect.stringContaining('SQLITE_FULL') as string });
    expect(service.notServingBecause()).toContain('a write to the ledger failed');
    await expect(service.releaseWindow(request)).rejects.toMatchObject({ code: 'storage' });
    return undefined;
  } finally {
    await service.stop();
    ledger.close();
  }
}

function valuesIn(path: string): string[][] {
  const ledger = openLedger(path);
  const bodies = [...ledger.entries()].map(({ body }) => JSON.parse(body) as EntryBody);
  ledger.close();
  return bodies.flatMap((body) =>
    body.state === 'SEALED' && body.outcome.status === 'released' ? [body.outcome.values] : [],
  );
}

function valuesOf(cell: CellOutcome): string[] {
  return cell.status === 'released' ? cell.values.map(String) : [];
}

test('a file that cannot be written refuses everything, with an error that says what to do', async () => {
  const path = join(temporaryFolder(), 'ledger.sqlite');
  const readOnly = serviceOver(path, (database) => {
    database.pragma('query_only = ON');
  });
  await expect(readOnly.service.releaseWindow(request)).rejects.toMatchObject({
    code: 'storage',
    message: expect.stringContaining('SQLITE_READONLY') as string,
    fix: expect.stringContaining('writable') as string,
  });
  expect(readOnly.service.notServingBecause()).toBeDefined();
  await readOnly.service.stop();
  readOnly.ledger.close();
  expect(statesIn(path)).toEqual([]);
});

test('a folder that is not there stops the start', () => {
  const path = join(temporaryFolder(), 'missing', 'ledger.sqlite');
  expect(() => openLedger(path)).toThrow(expect.objectContaining({ code: 'storage' }));
});

describe('a file that was cut short', () => {
  function written(): string {
    const path = join(temporaryFolder(), 'ledger.sqlite');
    const ledger = openLedger(path, { snapshotEvery: 50 });
    for (let window = 0; window < 10; window += 1) {
      append(
        ledger,
        Array.from({ length: 20 }, (_, measurement) =>
          reservedBody(cellAt(window * 1440, { measurement }), {
            payment: {
              by: 'release',
              cost: { epsilon: '1/100', rho: '1/20000', delta: '0' },
              limits: [{ period: 'day', measure: 'epsilon', most: '1', delta: '0' }],
            },
          }),
        ),
      );
    }
    ledger.close();
    return path;
  }

  test('by whole pages, anywhere, is not opened', () => {
    const path = written();
    const whole = readFileSync(path);
    for (const part of [0.9, 0.5, 0.2]) {
      const cut = join(temporaryFolder(), 'ledger.sqlite');
      writeFileSync(cut, whole.subarray(0, Math.floor((part * whole.length) / 4096) * 4096));
      expect(() => openLedger(cut)).toThrow(expect.objectContaining({ code: 'ledger_corrupt' }));
    }
    expect(openAndClose(path)).toBeGreaterThan(200);
  });

  test('to a few bytes, or overwritten, is not opened either', () => {
    for (const content of ['SQLite', new Uint8Array(100_000).fill(65)]) {
      const path = join(temporaryFolder(), 'ledger.sqlite');
      writeFileSync(path, content);
      expect(() => openLedger(path)).toThrow(expect.objectContaining({ code: 'ledger_corrupt' }));
    }
  });

  function openAndClose(path: string): number {
    const ledger = openLedger(path);
    const { sequence } = ledger.head;
    ledger.close();
    return sequence;
  }
});

describe('a clock that went back', () => {
  const clock = { now: 1000 * (FIRST_WINDOW + 86_400) };
  const options = { plans: [plan], clock: (): number => clock.now };
  const next = requestFor(plan, 1, [cellOf([aggregateOf([5n, 6n])])]);

  test('by more than a minute stops new releases, not answers, and says so', async () => {
    clock.now = 1000 * (FIRST_WINDOW + 86_400);
    const running = startService(options);
    const answer = await running.service.releaseWindow(request);
    clock.now -= 61_000;
    expect((await running.service.releaseWindow(next)).cells).toEqual([{ status: 'refused', reason: 'range' }]);
    expect((await running.service.releaseWindow(request)).cells).toEqual(answer.cells);
    expect(running.service.notServingBecause()).toContain('the clock is behind');
    expect(running.log.some((line) => line.includes('"clock_behind"'))).toBe(true);
    expect(running.ledger.refusals()).toMatchObject([{ reason: 'range', peer: 'in process', times: 1 }]);
    clock.now += 1000;
    expect(running.service.notServingBecause()).toBeUndefined();
    expect((await running.service.releaseWindow(next)).cells[0]?.status).toBe('released');
  });

  test('is remembered over a restart, and accepted where the operator says that the ledger was wrong', async () => {
    clock.now = 1000 * (FIRST_WINDOW + 86_400);
    const first = startService(options);
    await first.service.releaseWindow(request);
    first.ledger.close();
    clock.now -= 3_600_000;
    const second = startService({ ...options, path: first.path });
    expect((await second.service.releaseWindow(next)).cells).toEqual([{ status: 'refused', reason: 'range' }]);
    second.ledger.close();
    const third = startService({ ...options, path: first.path, acceptClock: true });
    expect(third.service.notServingBecause()).toBeUndefined();
    expect((await third.service.releaseWindow(next)).cells[0]?.status).toBe('released');
    third.ledger.close();
    // From now on the clock agrees with the newest entry.
    expect(startService({ ...options, path: first.path }).service.notServingBecause()).toBeUndefined();
  });
});
