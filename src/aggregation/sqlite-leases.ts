/** Leases where one process owns the store: it must only keep out of its own way. */
import type { SqlDatabase, SqlTransaction } from './sql-database.js';
import type { WindowKey } from './store.js';
import { leaseName, type WindowLeases } from './window-leases.js';

export class SqliteLeases implements WindowLeases {
  readonly #database: SqlDatabase;
  readonly #held = new Set<string>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async exclusively<Result>(
    window: WindowKey,
    isReady: (tx: SqlTransaction) => Promise<boolean>,
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const name = leaseName(window);
    if (this.#held.has(name)) return undefined;
    this.#held.add(name);
    try {
      return (await this.#database.transact(isReady)) ? await work() : undefined;
    } finally {
      this.#held.delete(name);
    }
  }

  /** Nobody else has the file. */
  assertHeld(): Promise<void> {
    return Promise.resolve();
  }
}
