/**
 * PostgreSQL as a store's database, shared by any number of receivers. A transaction sees what was committed when
 * each of its statements began (READ COMMITTED); where that is not enough it holds rows or locks.
 *
 * Every transaction starts with its settings, so that nothing depends on how the server, the role or a pooler in
 * between is set up: a commit is on disk before anybody hears of it, and a receiver that stops in the middle of a
 * transaction is cut off by the server, with its locks.
 */
import { TelemetryKitError } from '../errors.js';
import type { PostgresClient, PostgresPool } from './postgres-pool.js';
import type { SqlDatabase, SqlLock, SqlTransaction, SqlValue } from './sql-database.js';

const SCHEMA = 'telemetry_kit';

const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
  SET LOCAL search_path = ${SCHEMA};
  SET LOCAL statement_timeout = '30s';
  SET LOCAL idle_in_transaction_session_timeout = '30s';
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

/** Advisory locks are one space in a database: the first number is ours, "tele" in ASCII. */
const LOCK_SPACE = 0x74656c65;
const LOCK_NUMBERS: Readonly<Record<SqlLock | 'migration', number>> = { contributions: 1, sweep: 2, migration: 3 };

/** Two transactions waited for each other, or would have contradicted each other: the server undid this one. */
const RETRIED = new Set(['40001', '40P01']);
const ATTEMPTS = 5;

export class PostgresStoreDatabase implements SqlDatabase {
  readonly forUpdate = 'FOR UPDATE';
  readonly #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async transact<Result>(work: (transaction: SqlTransaction) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (attempt === ATTEMPTS || !RETRIED.has(codeOf(error))) throw asStoreError(error);
      }
    }
  }

  /** VACUUM is the server's own; see docs/DATA_MODEL.md for what it leaves. */
  forgetDeleted(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #attempt<Result>(work: (transaction: SqlTransaction) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let intact = false;
    try {
      await client.query({ text: BEGIN });
      const result = await work(transactionOn(client));
      await client.query({ text: 'COMMIT' });
      intact = true;
      return result;
    } catch (error) {
      intact = await rolledBack(client);
      throw error;
    } finally {
      client.release(!intact);
    }
  }
}

/** Held until the transaction ends. For the schema, before any of its tables is there. */
export async function lockMigration(tx: SqlTransaction): Promise<void> {
  await tx.run(`SELECT pg_advisory_xact_lock(${keyOf('migration')})`);
}

function transactionOn(client: PostgresClient): SqlTransaction {
  const query = (sql: string, values: readonly SqlValue[]) =>
    client.query({ text: numbered(sql), values: values.map(parameter) });
  return {
    all: async (sql, ...values) => (await query(sql, values)).rows,
    get: async (sql, ...values) => (await query(sql, values)).rows[0],
    run: async (sql, ...values) => (await query(sql, values)).rowCount ?? 0,
    lock: async (lock, how) => {
      const name = how === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
      await client.query({ text: `SELECT ${name}(${keyOf(lock)})` });
    },
    tryLock: async (lock) => {
      const { rows } = await client.query({ text: `SELECT pg_try_advisory_xact_lock(${keyOf(lock)}) AS locked` });
      return (rows[0] as { locked: boolean }).locked;
    },
  };
}

function keyOf(lock: keyof typeof LOCK_NUMBERS): string {
  return `${String(LOCK_SPACE)}, ${String(LOCK_NUMBERS[lock])}`;
}

/** `?` as $1, $2 and so on; no statement of the store has one in a text. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => `$${String((count += 1))}`);
}

/** Infinite times are as good as the largest integer that both sides know. */
function parameter(value: SqlValue): unknown {
  if (typeof value === 'number') return Math.max(Math.min(value, Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
  return value;
}

/** Whether the connection can be used again. */
async function rolledBack(client: PostgresClient): Promise<boolean> {
  try {
    await client.query({ text: 'ROLLBACK' });
    return true;
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'no answer';
}

/** Names the kind of failure only: a message of the server can quote what it was sent. Keeps our own errors. */
function asStoreError(error: unknown): TelemetryKitError {
  if (error instanceof TelemetryKitError) return error;
  return new TelemetryKitError('storage', `PostgreSQL does not do what the store needs (${codeOf(error)})`, {
    fix: 'check that it is reachable, that its disk is not full and that the role may use the schema telemetry_kit',
  });
}
