/**
 * A lock on a file of its own, held by one process at a time. The operating system takes it back when the process
 * ends, however it ends, and also tells apart processes that cannot see each other, such as containers that share a
 * volume. Node has no file locks; SQLite does, and here it does nothing else: the file stays empty.
 */
import { statSync } from 'node:fs';
import Database from 'libsql';
import { TelemetryKitError } from '../src/errors.js';
import { asStorageError } from '../src/service/storage-error.js';

export class FileLock {
  #database: Database.Database | undefined;

  /** Throws `already_running` where somebody has the lock, `storage` where the file cannot be used. */
  constructor(path: string) {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0) {
      throw new TelemetryKitError('storage', `${path} is no lock: it has content`, {
        fix: 'remove it, if it is of nothing else, or choose another path',
      });
    }
    try {
      this.#database = new Database(path);
      // Nothing is written, so no journal is either.
      this.#database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (cause) {
      throw asStorageError(cause, `cannot lock ${path}`);
    }
  }

  release(): void {
    this.#database?.exec('ROLLBACK');
    this.#database?.close();
    this.#database = undefined;
  }
}
