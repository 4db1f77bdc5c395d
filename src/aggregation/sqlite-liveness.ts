/**
 * When the receiver was up, in SQLite. Time alone moves the mark, never a contribution, because it decides which
 * windows are skipped after a crash. Runs inside the caller's transaction.
 */
import { TelemetryKitError } from '../errors.js';
import type { SqliteDatabase } from '../service/sqlite.js';
import { ALIVE_SLACK_SECONDS } from './store.js';

export class SqliteLiveness {
  readonly #statements;

  constructor(database: SqliteDatabase) {
    this.#statements = {
      last: database.prepare('SELECT last_alive FROM liveness'),
      // Never backwards, so that a clock set back does not make a running receiver look dead.
      mark: database.prepare(
        `INSERT INTO liveness VALUES (1, ?)
         ON CONFLICT (only_row) DO UPDATE SET last_alive = max(last_alive, excluded.last_alive)`,
      ),
    };
  }

  mark(now: number): void {
    this.#statements.mark.run(Math.floor(now));
  }

  /** `undefined` before the first mark. */
  last(): number | undefined {
    return (this.#statements.last.get() as { last_alive: number } | undefined)?.last_alive;
  }

  /** Throws `unavailable` where the last mark is too old to speak for this moment. */
  assertAlive(now: number): void {
    const last = this.last();
    if (last !== undefined && now <= last + ALIVE_SLACK_SECONDS) return;
    throw new TelemetryKitError('unavailable', 'the receiver has not noted lately that it is up', {
      fix: 'send the request again later',
    });
  }
}
