/**
 * What the stores ask of a database. SQLite and PostgreSQL understand the same statements (docs/DATA_MODEL.md);
 * where they differ, a driver of each stands between: sqlite-database.ts, postgres-database.ts.
 */

type SqlScalar = string | number | Uint8Array;
/** Lists are for statements of PostgreSQL alone. */
export type SqlValue = SqlScalar | null | readonly SqlScalar[];

/**
 * Held to the end of a transaction. `contributions`: shared by whoever counts, exclusive while a window is closed.
 * `sweep`: one receiver at a time deletes.
 */
export type SqlLock = 'contributions' | 'sweep';

/** Values stand for the question marks of a statement, in order. */
export interface SqlTransaction {
  /** The rows, with names as in the database. Integers are numbers, BLOBs for `blobBytes`. */
  all(sql: string, ...values: readonly SqlValue[]): Promise<unknown[]>;
  /** The first row. */
  get(sql: string, ...values: readonly SqlValue[]): Promise<unknown>;
  /** How many rows were changed. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>;
  /** Waits until no other transaction holds the lock in a way that excludes this one. */
  lock(lock: SqlLock, how: 'shared' | 'exclusive'): Promise<void>;
  /** `false`, at once, where another transaction holds it. */
  tryLock(lock: SqlLock): Promise<boolean>;
}

export interface SqlDatabase {
  /** What a SELECT ends with to hold its rows until the transaction ends. */
  readonly forUpdate: '' | 'FOR UPDATE';
  /**
   * Everything that the work asks for, or nothing: it is undone where the work rejects. The work may run again from
   * its beginning, so it changes nothing else. Rejects with `storage` where the database fails.
   */
  transact<Result>(work: (transaction: SqlTransaction) => Promise<Result>): Promise<Result>;
  /** Takes the last copies of deleted content out of the database's files, where it can. */
  forgetDeleted(): Promise<void>;
  /** Transactions that run are finished first. */
  close(): Promise<void>;
}
