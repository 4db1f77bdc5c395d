/**
 * Opens an embedded SQLite database the way a ledger needs it: write-ahead log, a full fsync on every
 * commit, and an exclusive lock that the operating system releases when the process dies, so that two
 * processes never write one file. What is deleted or replaced is overwritten with zeros in the file; the
 * write-ahead log keeps older states of it until `forgetDeleted`.
 */
import { chmodSync, closeSync, openSync } from 'node:fs';
import Database from 'libsql';
import { TelemetryKitError } from '../errors.js';

export type SqliteDatabase = Database.Database;

/**
 * Creates the file (mode 0600) if it is missing. Throws `already_running` if another process holds it and
 * `storage` if it cannot be opened.
 */
export function openSqlite(path: string): SqliteDatabase {
  try {
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const database = new Database(path);
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('secure_delete = ON');
    database.exec('BEGIN IMMEDIATE; COMMIT');
    return database;
  } catch (cause) {
    throw asStorageError(cause, `cannot open ${path}`);
  }
}

/**
 * Closes the database and gives the file back at once. libsql keeps a file, and with it the lock, until the
 * last prepared statement has been collected as garbage; leaving the write-ahead log and the exclusive mode
 * frees the lock now. No statement of the database may be used afterwards.
 */
export function closeSqlite(database: SqliteDatabase): void {
  try {
    database.pragma('journal_mode = DELETE');
    database.pragma('locking_mode = NORMAL');
    database.exec('BEGIN; SELECT count(*) FROM sqlite_schema; COMMIT');
  } finally {
    database.close();
  }
}

/**
 * Takes the last copies of deleted content out of the files: the write-ahead log is moved into the database and
 * cut to nothing. What the file system or the disk itself keeps of overwritten blocks is out of reach. Call it
 * outside of transactions; it costs a few fsyncs.
 */
export function forgetDeleted(database: SqliteDatabase): void {
  database.pragma('wal_checkpoint(TRUNCATE)');
}

/** A BLOB of a row: libsql gives a Buffer from get() and an ArrayBuffer from all() and iterate(). */
export function blobBytes(blob: Uint8Array | ArrayBuffer): Uint8Array {
  return new Uint8Array(blob);
}

/** Maps SQLite's and the file system's errors to ours, keeping ours as they are. */
export function asStorageError(cause: unknown, what: string): TelemetryKitError {
  if (cause instanceof TelemetryKitError) return cause;
  const raw = (cause as { code?: unknown }).code;
  const code = typeof raw === 'string' ? raw : 'unknown';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new TelemetryKitError('already_running', `${what}: another process holds it`, {
      fix: 'stop the other process, or give this one a data folder of its own',
      cause,
    });
  }
  return new TelemetryKitError('storage', `${what} (${code})`, {
    fix: 'check that the disk is not full and that the folder is writable by this user',
    cause,
  });
}
