/**
 * Who was refused what, and when: the part of the audit log that is not in the chain, because nothing was charged
 * and a peer could fill it. The same refusal is kept once, with how often and how lately; the oldest give way.
 * It names no label: a key of an open label that was not selected must not be written down.
 */
import type Database from 'libsql';
import type { SqliteDatabase } from '../service/sqlite.js';
import type { RefusalReason } from '../wire/release.js';

export interface Refusal {
  /** Unix seconds, of the newest. */
  readonly at: number;
  readonly peer: string;
  readonly reason: RefusalReason;
  /** Base64url, as asked. */
  readonly planHash: string;
  readonly report: number;
  /** Unix seconds. */
  readonly windowStart: number;
  readonly windowEnd: number;
}

export interface KeptRefusal extends Refusal {
  readonly firstAt: number;
  readonly times: number;
}

const MAX_KEPT = 100_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS refusals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  first_at INTEGER NOT NULL,
  at INTEGER NOT NULL,
  times INTEGER NOT NULL,
  peer TEXT NOT NULL,
  reason TEXT NOT NULL,
  plan_hash TEXT NOT NULL,
  report INTEGER NOT NULL,
  window_start INTEGER NOT NULL,
  window_end INTEGER NOT NULL,
  UNIQUE (plan_hash, report, window_start, window_end, reason, peer)
) STRICT;
`;

interface Row {
  readonly first_at: number;
  readonly at: number;
  readonly times: number;
  readonly peer: string;
  readonly reason: string;
  readonly plan_hash: string;
  readonly report: number;
  readonly window_start: number;
  readonly window_end: number;
}

/** Creates the table where it is missing. */
export function prepareRefusals(database: SqliteDatabase): void {
  database.exec(SCHEMA);
}

export class RefusalLog {
  readonly #keep: Database.Statement;
  readonly #forget: Database.Statement;

  constructor(database: SqliteDatabase) {
    this.#keep = database.prepare(`
      INSERT INTO refusals (first_at, at, times, peer, reason, plan_hash, report, window_start, window_end)
      VALUES (?1, ?1, 1, ?2, ?3, ?4, ?5, ?6, ?7)
      ON CONFLICT DO UPDATE SET at = excluded.at, times = times + 1`);
    this.#forget = database.prepare('DELETE FROM refusals WHERE id <= (SELECT MAX(id) FROM refusals) - ?');
  }

  /** In the transaction that is open. */
  keep(refusals: readonly Refusal[]): void {
    for (const { at, peer, reason, planHash, report, windowStart, windowEnd } of refusals) {
      this.#keep.run(at, peer, reason, planHash, report, windowStart, windowEnd);
    }
    this.#forget.run(MAX_KEPT);
  }
}

/** In the order in which they were met first. */
export function readRefusals(database: SqliteDatabase): KeptRefusal[] {
  const rows = database.prepare('SELECT * FROM refusals ORDER BY id').all() as Row[];
  return rows.map((row) => ({
    firstAt: row.first_at,
    at: row.at,
    times: row.times,
    peer: row.peer,
    reason: row.reason as RefusalReason,
    planHash: row.plan_hash,
    report: row.report,
    windowStart: row.window_start,
    windowEnd: row.window_end,
  }));
}
