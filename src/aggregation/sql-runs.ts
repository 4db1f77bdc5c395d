/**
 * When receivers were up. Time alone moves the marks, never a contribution, because they decide which windows are
 * skipped. A run is one receiver from its start to its end, whatever ended it; nothing says that it ended but
 * that its marks stop. Every function runs inside the caller's transaction.
 */
import { TelemetryKitError } from '../errors.js';
import type { SqlTransaction } from './sql-database.js';
import { ALIVE_SLACK_SECONDS, type TimeSpan } from './store.js';

/** A receiver whose last mark is so much older than every open window says nothing any more. */
const FORGET_SECONDS = 3600;

/** Returns the row id of a new run. */
export async function beginRun(tx: SqlTransaction, now: number): Promise<number> {
  const second = Math.floor(now);
  const row = await tx.get('INSERT INTO runs (started, last_alive) VALUES (?, ?) RETURNING run_id', second, second);
  return (row as { run_id: number }).run_id;
}

/** Never backwards, so that a clock set back does not make a running receiver look dead. */
export async function markRun(tx: SqlTransaction, runId: number, now: number): Promise<void> {
  const second = Math.floor(now);
  await tx.run('UPDATE runs SET last_alive = ? WHERE run_id = ? AND last_alive < ?', second, runId, second);
}

/** Whether a receiver may have taken contributions in this span. */
export async function wasUp(tx: SqlTransaction, { start, end }: TimeSpan): Promise<boolean> {
  const row = await tx.get(
    'SELECT 1 AS up FROM runs WHERE started < ? AND last_alive >= ? LIMIT 1',
    end,
    start - ALIVE_SLACK_SECONDS,
  );
  return row !== undefined;
}

/**
 * Throws `unavailable` where the run's last mark is too old to speak for this moment. Holds the run's row: what one
 * receiver counts is counted one transaction after the other, even where it has lost sight of the earlier one.
 * Returns the run.
 */
export async function assertAlive(
  tx: SqlTransaction,
  runId: number | undefined,
  now: number,
  forUpdate: string,
): Promise<number> {
  if (runId !== undefined) {
    const row = await tx.get(`SELECT last_alive FROM runs WHERE run_id = ? ${forUpdate}`, runId);
    const { last_alive: last } = (row ?? { last_alive: -Infinity }) as { last_alive: number };
    if (now <= last + ALIVE_SLACK_SECONDS) return runId;
  }
  throw new TelemetryKitError('unavailable', 'the receiver has not noted lately that it is up', {
    fix: 'send the request again later',
  });
}

/** Forgets runs that ended before any window that is still open could have been contributed to. */
export async function sweepRuns(tx: SqlTransaction, ownRun: number | undefined): Promise<void> {
  await tx.run(
    `DELETE FROM runs WHERE last_alive < (SELECT min(next_window_start) FROM reports) - ${String(FORGET_SECONDS)}
     AND run_id <> ?`,
    ownRun ?? 0,
  );
}
