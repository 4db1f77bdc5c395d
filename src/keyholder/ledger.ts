/**
 * The key holder's durable memory: every release is debited here before anything is decrypted, and its one
 * outcome is kept here for ever. One process writes; what is appended between two commits is one fsynced
 * transaction. After a failed write the state on disk is unknown, so the ledger answers nothing more until it is
 * opened again.
 */
import { TelemetryKitError } from '../errors.js';
import type { Sequences } from '../service/plan-sequences.js';
import { asStorageError, closeSqlite, openSqlite, type SqliteDatabase } from '../service/sqlite.js';
import type { LedgerPosition } from '../wire/release.js';
import { LedgerChain } from './ledger-chain.js';
import { createEntry, type EntryBody, type LedgerEntry } from './ledger-entry.js';
import type { LedgerRecord, ReleaseLedger } from './ledger-record.js';
import { LedgerRows, prepareLedger, readEntries } from './ledger-rows.js';
import type { LedgerState } from './ledger-state.js';
import { cellIdOf, type CellIdentity } from './release-id.js';
import { prepareSequences, raiseSequences } from './seen-sequences.js';

/**
 * Opens or creates the file and verifies the whole chain. Throws `already_running` where another process
 * holds it, `ledger_corrupt` naming the first bad entry, `storage` where it cannot be read.
 */
export function openLedger(path: string): Ledger {
  return Ledger.fromDatabase(openSqlite(path));
}

interface ChainedEntry {
  readonly entry: LedgerEntry;
  readonly body: EntryBody;
}

export class Ledger implements ReleaseLedger {
  readonly #database: SqliteDatabase;
  readonly #rows: LedgerRows;
  readonly #state: LedgerState;
  #head: LedgerPosition;
  #usable = true;
  /** Whether entries were appended that are not durable yet. */
  #pending = false;

  private constructor(database: SqliteDatabase, chain: LedgerChain) {
    this.#database = database;
    this.#rows = new LedgerRows(database);
    this.#state = chain.state;
    this.#head = chain.head;
  }

  /** Takes over an open database; closes it where the ledger in it does not verify. */
  static fromDatabase(database: SqliteDatabase): Ledger {
    const chain = new LedgerChain();
    try {
      prepareLedger(database);
      prepareSequences(database);
      for (const entry of readEntries(database)) chain.follow(entry);
    } catch (cause) {
      closeSqlite(database);
      throw asStorageError(cause, 'cannot read the ledger');
    }
    return new Ledger(database, chain);
  }

  get head(): LedgerPosition {
    return this.#head;
  }

  /** False after a failed write or `close()`. */
  get usable(): boolean {
    return this.#usable;
  }

  find(cell: CellIdentity): LedgerRecord | undefined {
    this.#assertUsable();
    return this.#rows.find(cellIdOf(cell));
  }

  get state(): LedgerState {
    this.#assertUsable();
    return this.#state;
  }

  append(bodies: readonly EntryBody[]): readonly LedgerPosition[] {
    this.#assertUsable();
    if (bodies.length === 0) return [];
    const entries = this.#chainOf(bodies);
    this.#write(() => {
      if (!this.#pending) this.#database.exec('BEGIN IMMEDIATE');
      this.#pending = true;
      for (const { entry, body } of entries) this.#rows.insert(entry, body);
    });
    for (const { body } of entries) this.#state.record(body);
    const positions = entries.map(({ entry: { sequence, hash } }) => ({ sequence, hash }));
    this.#head = positions.at(-1) ?? this.#head;
    return positions;
  }

  commit(): void {
    this.#assertUsable();
    if (!this.#pending) return;
    this.#write(() => {
      this.#database.exec('COMMIT');
    });
    this.#pending = false;
  }

  /**
   * Remembers the newest sequence of every plan name; beside the entries, not among them. Throws
   * `untrusted_plan` and remembers nothing where one is lower than before.
   */
  admitSequences(newest: Sequences): void {
    this.#assertUsable();
    try {
      raiseSequences(this.#database, newest);
    } catch (cause) {
      throw asStorageError(cause, 'cannot remember the sequence of a plan');
    }
  }

  /** Every entry from the first, for export. */
  entries(): Iterable<LedgerEntry> {
    this.#assertUsable();
    return readEntries(this.#database);
  }

  /** Gives the file back to other processes at once; what is not committed is gone. */
  close(): void {
    this.#usable = false;
    this.#rollBack();
    try {
      if (this.#database.open) closeSqlite(this.#database);
    } catch (cause) {
      throw asStorageError(cause, 'cannot close the ledger');
    }
  }

  #chainOf(bodies: readonly EntryBody[]): ChainedEntry[] {
    let { sequence, hash } = this.#head;
    return bodies.map((body) => {
      const entry = createEntry(sequence + 1, hash, body);
      ({ sequence, hash } = entry);
      return { entry, body };
    });
  }

  #write(step: () => void): void {
    try {
      step();
    } catch (cause) {
      this.#usable = false;
      this.#rollBack();
      throw asStorageError(cause, 'cannot write the ledger');
    }
  }

  /** Frees the file for whoever restarts; that it may fail on a broken disk changes nothing. */
  #rollBack(): void {
    try {
      if (this.#database.open && this.#database.inTransaction) this.#database.exec('ROLLBACK');
    } catch {
      this.#database.close();
    }
  }

  #assertUsable(): void {
    if (this.#usable) return;
    throw new TelemetryKitError('storage', 'the ledger is closed, or a write to it failed', {
      fix: 'check the disk, then restart the key holder: it verifies the ledger before it goes on',
    });
  }
}
