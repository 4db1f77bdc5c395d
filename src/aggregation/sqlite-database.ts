/**
 * SQLite as a store's database: one connection, so one transaction at a time. A statement is done before its promise
 * is there, so that a transaction ends within the turn of the event loop in which it began, and needs no locks.
 */
import type Database from 'libsql';
import { closeSqlite, forgetDeleted, type SqliteDatabase } from '../service/sqlite.js';
import { asStorageError } from '../service/storage-error.js';
import type { SqlDatabase, SqlTransaction, SqlValue } from './sql-database.js';

type Statement = Database.Statement;

export class SqliteStoreDatabase implements SqlDatabase {
  readonly forUpdate = '';
  readonly #database: SqliteDatabase;
  readonly #transaction: SqlTransaction;
  /** Resolves when no transaction runs or waits. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#transaction = statementsOf(database);
  }

  transact<Result>(work: (transaction: SqlTransaction) => Promise<Result>): Promise<Result> {
    const done = this.#last.then(() => this.#run(work));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async forgetDeleted(): Promise<void> {
    await this.#last;
    try {
      forgetDeleted(this.#database);
    } catch (cause) {
      throw asStorageError(cause, 'the store failed');
    }
  }

  async close(): Promise<void> {
    await this.#last;
    closeSqlite(this.#database);
  }

  async #run<Result>(work: (transaction: SqlTransaction) => Promise<Result>): Promise<Result> {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = await work(this.#transaction);
      this.#database.exec('COMMIT');
      return result;
    } catch (cause) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw asStorageError(cause, 'the store failed');
    }
  }
}

/** Every statement is prepared once. */
function statementsOf(database: SqliteDatabase): SqlTransaction {
  const prepared = new Map<string, Statement>();
  const prepare = (sql: string): Statement => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  return {
    all: (sql, ...values) => settled(() => prepare(sql).all(...values)),
    get: (sql, ...values) => settled(() => prepare(sql).get(...values)),
    run: (sql, ...values: readonly SqlValue[]) => settled(() => prepare(sql).run(...values).changes),
    lock: () => Promise.resolve(),
    tryLock: () => Promise.resolve(true),
  };
}

/** As a promise, with what is thrown as its rejection. */
function settled<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
