/** The embedded store: one SQLite file, one process, every commit on disk before anybody hears of it. */
import type { PublicKey } from '../paillier/public-key.js';
import { closeSqlite, openSqlite, type SqliteDatabase } from '../service/sqlite.js';
import { asStorageError } from '../service/storage-error.js';
import { SqlStore } from './sql-store.js';
import { sqliteAccumulatorRows } from './sqlite-accumulator-rows.js';
import { SqliteStoreDatabase } from './sqlite-database.js';
import { SqliteLeases } from './sqlite-leases.js';
import { migrate } from './sqlite-schema.js';

export class SqliteStore extends SqlStore {
  private constructor(file: SqliteDatabase, keys: readonly PublicKey[]) {
    const database = new SqliteStoreDatabase(file);
    const leases = new SqliteLeases(database);
    const time = (): Promise<undefined> => Promise.resolve(undefined);
    // Nobody else can change the file while it is open.
    const assertCurrent = (): Promise<void> => Promise.resolve();
    super({ database, rows: sqliteAccumulatorRows, leases, time, assertCurrent }, keys);
  }

  /** Throws `already_running` where another process holds the file, `storage` where it cannot be used. */
  static open(path: string, keys: readonly PublicKey[]): SqliteStore {
    const file = openSqlite(path);
    try {
      migrate(file);
      return new SqliteStore(file, keys);
    } catch (cause) {
      closeSqlite(file);
      throw asStorageError(cause, `cannot use ${path}`);
    }
  }
}
