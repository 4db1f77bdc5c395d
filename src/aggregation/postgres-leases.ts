/**
 * Leases with fencing tokens. Who works on a window has a row with a token that nobody had before, prolonged while the
 * work lasts and, where its holder has died, free for others once its time is over by the database's clock. A holder
 * that was only slow finds another token, or none, in its place: the check is in the transaction that writes, so it
 * writes nothing any more.
 */
import { TelemetryKitError } from '../errors.js';
import type { SqlDatabase, SqlTransaction } from './sql-database.js';
import type { WindowKey } from './store.js';
import { leaseName, type WindowLeases } from './window-leases.js';

const ACQUIRE = `INSERT INTO leases (plan_hash, report, window_start, token, expires)
  VALUES (?, ?, ?, nextval('lease_tokens'), clock_timestamp() + ?::bigint * interval '1 millisecond')
  ON CONFLICT (plan_hash, report, window_start) DO UPDATE SET token = excluded.token, expires = excluded.expires
  WHERE leases.expires <= clock_timestamp() RETURNING token`;
const OWN = 'plan_hash = ? AND report = ? AND window_start = ? AND token = ?';
const PROLONG = `UPDATE leases SET expires = clock_timestamp() + ?::bigint * interval '1 millisecond' WHERE ${OWN}`;

/** How long a window waits whose receiver has died. */
export const LEASE_MILLIS = 30_000;

export class PostgresLeases implements WindowLeases {
  readonly #database: SqlDatabase;
  readonly #leaseMillis: number;
  /** By name of the window. */
  readonly #tokens = new Map<string, number>();

  constructor(database: SqlDatabase, leaseMillis: number) {
    this.#database = database;
    this.#leaseMillis = leaseMillis;
  }

  async exclusively<Result>(
    window: WindowKey,
    isReady: (tx: SqlTransaction) => Promise<boolean>,
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const name = leaseName(window);
    if (this.#tokens.has(name)) return undefined;
    const token = await this.#acquire(window, isReady);
    if (token === undefined) return undefined;
    this.#tokens.set(name, token);
    const prolonging = setInterval(() => void this.#prolong(window, token), this.#leaseMillis / 3);
    try {
      return await work();
    } finally {
      clearInterval(prolonging);
      this.#tokens.delete(name);
      await this.#release(window, token);
    }
  }

  async assertHeld(tx: SqlTransaction, window: WindowKey): Promise<void> {
    const token = this.#tokens.get(leaseName(window)) ?? 0;
    const held = await tx.get(`SELECT 1 AS held FROM leases WHERE ${OWN} FOR UPDATE`, ...keyOf(window), token);
    if (held !== undefined) return;
    throw new TelemetryKitError('unavailable', 'another receiver may be at work on the window', {
      fix: 'leave the window to it; it is tried again if that receiver stops',
    });
  }

  #acquire(window: WindowKey, isReady: (tx: SqlTransaction) => Promise<boolean>): Promise<number | undefined> {
    return this.#database.transact(async (tx) => {
      const row = await tx.get(ACQUIRE, ...keyOf(window), this.#leaseMillis);
      if (row === undefined) return undefined;
      const { token } = row as { token: number };
      if (await isReady(tx)) return token;
      await tx.run(`DELETE FROM leases WHERE ${OWN}`, ...keyOf(window), token);
      return undefined;
    });
  }

  /** Where it fails the next one may succeed; where none does, others may take the window over. */
  async #prolong(window: WindowKey, token: number): Promise<void> {
    await this.#database
      .transact((tx) => tx.run(PROLONG, this.#leaseMillis, ...keyOf(window), token))
      .catch(() => undefined);
  }

  /** Where it fails the lease runs out by itself. */
  async #release(window: WindowKey, token: number): Promise<void> {
    await this.#database
      .transact((tx) => tx.run(`DELETE FROM leases WHERE ${OWN}`, ...keyOf(window), token))
      .catch(() => undefined);
  }
}

function keyOf({ planHash, report, windowStart }: WindowKey): [string, number, number] {
  return [planHash, report, windowStart];
}
