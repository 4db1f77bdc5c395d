/**
 * The key holder's durable memory: every release is debited here before anything is decrypted, and its one
 * outcome is kept here for ever. One process writes; what is appended between two commits is one fsynced
 * transaction. After a failed write the state on disk is unknown, so the ledger answers nothing more until it is
 * opened again.
 */
import { TelemetryKitError } from '../errors.js';
import type { Sequences } from '../service/plan-sequences.js';
import { closeSqlite, openSqlite, type SqliteDatabase } from '../service/sqlite.js';
import { asStorageError } from '../service/storage-error.js';
import type { LedgerPosition } from '../wire/release.js';
import { createEntry, sequenceAfter, type EntryBody, type LedgerEntry } from './ledger-entry.js';
import { asLedgerError, openChain, type OpenedLedger } from './ledger-opening.js';
import type { LedgerRecord, ReleaseLedger } from './ledger-record.js';
import { LedgerRows, readEntries } from './ledger-rows.js';
import { describeState, stateHash } from './ledger-snapshot.js';
import type { LedgerState } from './ledger-state.js';
import { readRefusals, RefusalLog, type KeptRefusal, type Refusal } from './refusal-log.js';
import { cellIdOf, type CellIdentity } from './release-id.js';
import { raiseSequences } from './seen-sequences.js';

/**
 * Opens or creates the file and verifies the chain from its newest snapshot on. Throws `already_running` where another process
 * holds it, `ledger_corrupt` naming the first bad entry, `storage` where it cannot be read.
 */
export function openLedger(path: string, options: LedgerOptions = {}): Ledger {
  return Ledger.fromDatabase(openFile(path), options);
}

function openFile(path: string): SqliteDatabase {
  try {
    return openSqlite(path);
  } catch (cause) {
    throw asLedgerError(cause);
  }
}

export interface LedgerOptions {
  /** Entries from one snapshot to the next; default 10000, some tenths of a second to verify. */
  readonly snapshotEvery?: number;
}

const SNAPSHOT_EVERY = 10_000;

interface ChainedEntry {
  readonly entry: LedgerEntry;
  readonly body: EntryBody;
}

export class Ledger implements ReleaseLedger {
  readonly #database: SqliteDatabase;
  readonly #rows: LedgerRows;
  readonly #refusals: RefusalLog;
  readonly #state: LedgerState;
  #head: LedgerPosition;
  #usable = true;
  /** Whether something was written that is not durable yet. */
  #pending = false;
  /** Sequence of the newest snapshot. */
  #snapshot: number;
  readonly #snapshotEvery: number;

  private constructor(database: SqliteDatabase, { chain, snapshot }: OpenedLedger, { snapshotEvery }: LedgerOptions) {
    this.#database = database;
    this.#rows = new LedgerRows(database);
    this.#refusals = new RefusalLog(database);
    this.#state = chain.state;
    this.#head = chain.head;
    this.#snapshot = snapshot;
    this.#snapshotEvery = snapshotEvery ?? SNAPSHOT_EVERY;
  }

  /** Takes over an open database; closes it where the ledger in it does not verify. */
  static fromDatabase(database: SqliteDatabase, options: LedgerOptions = {}): Ledger {
    try {
      return new Ledger(database, openChain(database), options);
    } catch (cause) {
      closeSqlite(database);
      throw cause;
    }
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
      this.#begin();
      for (const { entry, body } of entries) this.#rows.insert(entry, body);
    });
    for (const { body } of entries) this.#state.record(body);
    const positions = entries.map(({ entry: { sequence, hash } }) => ({ sequence, hash }));
    this.#head = positions.at(-1) ?? this.#head;
    return positions;
  }

  refuse(refusals: readonly Refusal[]): void {
    this.#assertUsable();
    if (refusals.length === 0) return;
    this.#write(() => {
      this.#begin();
      this.#refusals.keep(refusals);
    });
  }

  commit(): void {
    this.#assertUsable();
    if (!this.#pending) return;
    if (this.#head.sequence - this.#snapshot >= this.#snapshotEvery) this.#appendSnapshot();
    this.#write(() => {
      this.#database.exec('COMMIT');
    });
    this.#pending = false;
  }

  /** Whether this position is one of the ledger's own, or known to be among lost entries. */
  knows({ sequence, hash }: LedgerPosition): boolean {
    this.#assertUsable();
    const isLost = this.#state.burns.some(({ anchor, lastKnown }) => {
      const isNamed = anchor.sequence === sequence && anchor.hash === hash;
      return isNamed || (sequence > lastKnown && sequence <= anchor.sequence);
    });
    return isLost || this.#rows.hashAt(sequence) === hash;
  }

  /** Burns, durably, every window that ended by `until`: entries up to this anchor are missing. Unix seconds, both. */
  burn(anchor: LedgerPosition, until: number, at: number): void {
    this.append([{ state: 'BURNED', at, anchor: { ...anchor }, lastKnown: this.#head.sequence, until }]);
    this.commit();
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

  /** What was refused without a charge, oldest first: beside the entries, not among them. */
  refusals(): KeptRefusal[] {
    this.#assertUsable();
    return readRefusals(this.#database);
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

  #begin(): void {
    if (!this.#pending) this.#database.exec('BEGIN IMMEDIATE');
    this.#pending = true;
  }

  #appendSnapshot(): void {
    const state = describeState(this.#state);
    const [position] = this.append([{ state: 'SNAPSHOT', stateHash: stateHash(state) }]);
    this.#snapshot = position?.sequence ?? this.#snapshot;
    this.#write(() => {
      this.#rows.keepSnapshot(this.#snapshot, state);
    });
  }

  #chainOf(bodies: readonly EntryBody[]): ChainedEntry[] {
    let { sequence, hash } = this.#head;
    return bodies.map((body) => {
      const entry = createEntry(sequenceAfter(sequence, body), hash, body);
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
