/**
 * `telemetry-kit/contributions/postgres`: contributions counted in PostgreSQL, for any number of processes that share
 * one database: for the plan they are one process. Works with a pool of `pg` 8, which the application makes and ends.
 */
import { TelemetryKitError } from '../src/errors.js';
import { periodOf } from '../src/plan/budget-period.js';
import { systemRandom, type RandomBytes } from '../src/random.js';
import type { BudgetPeriod, ContributionStore, CounterRequest, OpenedPeriod } from './contribution-store.js';
import {
  CREATE_TABLES,
  DELETE_COUNTERS,
  END_PERIODS,
  FIND_KEY,
  OPEN_PERIOD,
  RESERVE,
} from './postgres-contribution-tables.js';

/** What is used of a `Pool` of `pg`. */
export interface PostgresPool {
  query(query: {
    readonly text: string;
    readonly values?: unknown[];
    readonly query_timeout?: number;
  }): Promise<{ readonly rows: unknown[] }>;
  on(event: 'error', listener: () => void): unknown;
}

export interface PostgresContributionStoreOptions {
  /**
   * Its connections are TLS where they leave the machine. Two are enough. Transaction poolers such as PgBouncer may
   * stand in between: every call is one statement.
   */
  readonly pool: PostgresPool;
  /** Time after which a statement is given up, in milliseconds. Default 10,000. */
  readonly statementMillis?: number;
}

const KEY_BYTES = 32;

export class PostgresContributionStore implements ContributionStore {
  readonly #pool: PostgresPool;
  readonly #statementMillis: number;
  readonly #random: RandomBytes = systemRandom;

  /** Connects at the first visit. The tables are those of `createContributionTables`. */
  constructor({ pool, statementMillis = 10_000 }: PostgresContributionStoreOptions) {
    this.#pool = pool;
    this.#statementMillis = statementMillis;
    // A connection that breaks while it is idle must not end the application; the next statement gets another.
    pool.on('error', () => undefined);
  }

  async openPeriod({ kind, start }: BudgetPeriod): Promise<OpenedPeriod> {
    const { end } = periodOf(kind, start);
    await this.#query(OPEN_PERIOD, [kind, start, this.#random(KEY_BYTES), end - start]);
    await this.#query(END_PERIODS, [kind]);
    await this.#query(DELETE_COUNTERS, []);
    const [row] = (await this.#query(FIND_KEY, [kind, start])) as { readonly hash_key: Uint8Array | null }[];
    return row?.hash_key == null ? { silent: 'out_of_period' } : { key: new Uint8Array(row.hash_key) };
  }

  async reserve({ kind, start }: BudgetPeriod, requests: readonly CounterRequest[]): Promise<readonly number[]> {
    if (requests.length === 0) return [];
    const rows = (await this.#query(RESERVE, [
      kind,
      start,
      requests.map(({ counter }) => counter),
      requests.map(({ amount }) => amount),
      requests.map(({ bound }) => bound),
    ])) as { readonly counter: string; readonly granted: number }[];
    const granted = new Map(rows.map((row) => [row.counter, row.granted]));
    return requests.map(({ counter }) => granted.get(counter) ?? 0);
  }

  async #query(text: string, values: unknown[]): Promise<unknown[]> {
    try {
      const { rows } = await this.#pool.query({ text, values, query_timeout: this.#statementMillis });
      return rows;
    } catch (error) {
      throw asUnavailable(error);
    }
  }
}

/**
 * Makes the tables, with a role that may create them; once, before the first process counts. Afterwards the
 * applications' role needs SELECT, INSERT, UPDATE and DELETE on them. Tables that are dropped and made again have
 * forgotten what was counted. Rejects with `unavailable` where the database does not do it.
 */
export async function createContributionTables(pool: PostgresPool): Promise<void> {
  try {
    await pool.query({ text: CREATE_TABLES });
  } catch (error) {
    throw asUnavailable(error);
  }
}

/** Names the kind of failure only: a message of the server can quote what it was sent. */
function asUnavailable(cause: unknown): TelemetryKitError {
  const { code } = cause as { readonly code?: unknown };
  const which = typeof code === 'string' ? code : 'no answer';
  const fix =
    which === '42P01'
      ? 'make its tables with createContributionTables'
      : 'check that PostgreSQL is reachable and that its role may read and write the tables';
  return new TelemetryKitError('unavailable', `the contribution store does not work (${which})`, { fix, cause });
}
