/**
 * Opens an embedded SQLite database the way a ledger needs it: write-ahead log, a full fsync on every
 * commit, and an exclusive lock that the operating system releases when the process dies, so that two
 * processes never write one file. What is deleted or replaced is overwritten with zeros in the file; the
 * write-ahead log keeps older states of it until `forgetDeleted`.
 */
import { chmodSync, closeSync, openSync } from 'node:fs';
import Database from 'libsql';
import { asStorageError } from './storage-error.js';

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
