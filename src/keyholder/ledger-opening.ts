/**
 * Opens a ledger: from its newest snapshot on, every entry is verified in full. The snapshot itself must have the
 * hash that the chain holds; what came before it is taken from it, and verified from the first entry by an audit.
 */
import type Database from 'libsql';
import { TelemetryKitError } from '../errors.js';
import type { SqliteDatabase } from '../service/sqlite.js';
import { asStorageError } from '../service/storage-error.js';
import { corruptEntry, LedgerChain, type ChainStart } from './ledger-chain.js';
import { entryHash, parseBody } from './ledger-entry.js';
import { matchesColumns, prepareLedger, readRows, toEntry, type LedgerRow } from './ledger-rows.js';
import { restoreState, stateHash } from './ledger-snapshot.js';
import { prepareRefusals } from './refusal-log.js';
import { progressAt, type EarlierReleases } from './release-history.js';
import { prepareSequences } from './seen-sequences.js';

export interface OpenedLedger {
  readonly chain: LedgerChain;
  /** Sequence of the newest snapshot; 0 without one. */
  readonly snapshot: number;
}

/** Throws `ledger_corrupt` naming the first bad entry, `storage` where it cannot be read. */
export function openChain(database: SqliteDatabase): OpenedLedger {
  try {
    prepareLedger(database);
    prepareSequences(database);
    prepareRefusals(database);
    const start = newestSnapshot(database);
    const chain = new LedgerChain(start);
    for (const row of readRows(database, chain.head.sequence)) {
      const body = chain.follow(toEntry(row));
      if (!matchesColumns(row, body)) throw corruptEntry(row.sequence, 'its columns are not what it says');
    }
    return { chain, snapshot: newestSnapshotEntry(database)?.sequence ?? 0 };
  } catch (cause) {
    throw asLedgerError(cause);
  }
}

/** SQLite's own findings are about the ledger as well. */
export function asLedgerError(error: unknown): TelemetryKitError {
  const cause = error instanceof TelemetryKitError ? error.cause : error;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  if (typeof code === 'string' && /^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new TelemetryKitError('ledger_corrupt', `the ledger's file is damaged or cut short (${code})`, {
      fix: 'do not begin a new ledger: restore this one, start the key holder with an anchor, and let it burn what is lost',
      cause,
    });
  }
  return asStorageError(error, 'cannot read the ledger');
}

function newestSnapshot(database: SqliteDatabase): ChainStart | undefined {
  const row = newestSnapshotEntry(database);
  if (row === undefined) return undefined;
  const { sequence, hash, previous_hash: previous } = row;
  const body = parseBody(row.body);
  if (body?.state !== 'SNAPSHOT' || hash !== entryHash(sequence, previous, row.body)) {
    throw corruptEntry(sequence, 'its hash does not match its body');
  }
  const kept = database.prepare('SELECT state FROM snapshots WHERE sequence = ?').get(sequence) as
    { readonly state: string } | undefined;
  if (kept === undefined || stateHash(kept.state) !== body.stateHash) {
    throw corruptEntry(sequence, 'the snapshot is missing, or is not the one that the chain names');
  }
  const earlier = new StoredReleases(database, sequence);
  return { head: { sequence, hash }, state: restoreState(kept.state), earlier };
}

function newestSnapshotEntry(database: SqliteDatabase): LedgerRow | undefined {
  const newest = `SELECT * FROM entries WHERE state = 'SNAPSHOT' ORDER BY sequence DESC LIMIT 1`;
  return database.prepare(newest).get() as LedgerRow | undefined;
}

/** Releases in the rows up to a snapshot. */
class StoredReleases implements EarlierReleases {
  readonly #until: number;
  readonly #ofRelease: Database.Statement<[string, number]>;
  readonly #ofCell: Database.Statement<[string, number]>;

  constructor(database: SqliteDatabase, until: number) {
    this.#until = until;
    this.#ofRelease = database.prepare(
      'SELECT * FROM entries WHERE release_id = ? AND sequence <= ? ORDER BY sequence',
    );
    this.#ofCell = database.prepare('SELECT 1 FROM entries WHERE cell_id = ? AND sequence <= ?');
  }

  progressOf(releaseId: string): ReturnType<EarlierReleases['progressOf']> {
    const rows = this.#ofRelease.all(releaseId, this.#until) as LedgerRow[];
    const [first] = rows;
    const reserved = first && parseBody(first.body);
    const last = parseBody(rows.at(-1)?.body ?? '');
    if (reserved?.state !== 'RESERVED' || last === undefined) return undefined;
    return progressAt(reserved, { sequence: first?.sequence ?? 0, state: last.state });
  }

  hasCell(cellId: string): boolean {
    return this.#ofCell.get(cellId, this.#until) !== undefined;
  }
}
