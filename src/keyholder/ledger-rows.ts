/** The ledger's rows in SQLite. */
import type Database from 'libsql';
import { TelemetryKitError } from '../errors.js';
import type { SqliteDatabase } from '../service/sqlite.js';
import { parseBody, type EntryBody, type LedgerEntry } from './ledger-entry.js';
import { LEDGER_SCHEMA, LEDGER_SCHEMA_VERSION } from './ledger-schema.js';
import type { LedgerRecord } from './ledger-record.js';
import { cellIdOf } from './release-id.js';

export interface LedgerRow {
  readonly sequence: number;
  readonly state: string;
  readonly release_id: string | null;
  readonly cell_id: string | null;
  readonly previous_hash: string;
  readonly hash: string;
  readonly body: string;
}

/** Rows read at a time, so that a long ledger never is in memory as a whole. */
const PAGE = 1000;

/** Creates the table, or checks that it is of this version. */
export function prepareLedger(database: SqliteDatabase): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version === 0) database.exec(`BEGIN IMMEDIATE; ${LEDGER_SCHEMA} COMMIT;`);
  else if (version !== LEDGER_SCHEMA_VERSION) {
    throw new TelemetryKitError(
      'storage',
      `the ledger has format ${String(version)}: it was written by another version of telemetry-kit, which this one cannot go on with`,
      {
        fix: 'run the key holder with that version; never begin a new ledger for the same people within a budget period',
      },
    );
  }
}

/** In order, from the one after this sequence on. */
export function* readRows(database: SqliteDatabase, after = 0): Generator<LedgerRow> {
  const page = database.prepare(`SELECT * FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ${String(PAGE)}`);
  let last = after;
  for (;;) {
    const rows = page.all(last) as LedgerRow[];
    yield* rows;
    if (rows.length < PAGE) return;
    last = rows.at(-1)?.sequence ?? last;
  }
}

export function* readEntries(database: SqliteDatabase): Generator<LedgerEntry> {
  for (const row of readRows(database)) yield toEntry(row);
}

export function toEntry({ sequence, previous_hash: previousHash, hash, body }: LedgerRow): LedgerEntry {
  return { sequence, previousHash, hash, body };
}

/** The columns that are searched must say what the hashed body says. */
export function matchesColumns(row: LedgerRow, body: EntryBody): boolean {
  const { releaseId, cellId } = columnsOf(body);
  return body.state === row.state && releaseId === row.release_id && cellId === row.cell_id;
}

function columnsOf(body: EntryBody): { readonly releaseId: string | null; readonly cellId: string | null } {
  switch (body.state) {
    case 'RESERVED':
      return { releaseId: body.releaseId, cellId: cellIdOf(body.cell) };
    case 'SEALED':
    case 'PUBLISHED':
      return { releaseId: body.releaseId, cellId: null };
    case 'RESERVED_PERIOD':
    case 'SNAPSHOT':
    case 'BURNED':
      return { releaseId: null, cellId: null };
  }
}

/** Writes and searches entries with statements that are prepared once. */
export class LedgerRows {
  readonly #insert: Database.Statement;
  readonly #find: Database.Statement<[string]>;
  readonly #hash: Database.Statement<[number]>;
  readonly #keep: Database.Statement<[number, string]>;
  readonly #forget: Database.Statement<[number]>;

  constructor(database: SqliteDatabase) {
    this.#insert = database.prepare(
      'INSERT INTO entries (sequence, state, release_id, cell_id, previous_hash, hash, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#find = database.prepare(
      'SELECT * FROM entries WHERE release_id = (SELECT release_id FROM entries WHERE cell_id = ?) ORDER BY sequence',
    );
    this.#hash = database.prepare('SELECT hash FROM entries WHERE sequence = ?');
    this.#keep = database.prepare('INSERT INTO snapshots (sequence, state) VALUES (?, ?)');
    this.#forget = database.prepare('DELETE FROM snapshots WHERE sequence < ?');
  }

  /** Of the entry with this number; `undefined` where there is none. */
  hashAt(sequence: number): string | undefined {
    return (this.#hash.get(sequence) as { readonly hash: string } | undefined)?.hash;
  }

  /** The newest snapshot takes the place of older ones. */
  keepSnapshot(sequence: number, state: string): void {
    this.#keep.run(sequence, state);
    this.#forget.run(sequence);
  }

  insert({ sequence, previousHash, hash, body: text }: LedgerEntry, body: EntryBody): void {
    const { releaseId, cellId } = columnsOf(body);
    this.#insert.run(sequence, body.state, releaseId, cellId, previousHash, hash, text);
  }

  /** The release of a cell, from its one to three entries. */
  find(cellId: string): LedgerRecord | undefined {
    const rows = this.#find.all(cellId) as LedgerRow[];
    return rows.reduce<LedgerRecord | undefined>(addRow, undefined);
  }
}

function addRow(record: LedgerRecord | undefined, row: LedgerRow): LedgerRecord | undefined {
  const body = parseBody(row.body);
  switch (body?.state) {
    case 'RESERVED':
      return { sequence: row.sequence, reserved: body, sealed: undefined, published: false };
    case 'SEALED': {
      const position = { sequence: row.sequence, hash: row.hash };
      return record && { ...record, sealed: { outcome: body.outcome, position } };
    }
    case 'PUBLISHED':
      return record && { ...record, published: true };
    default:
      return record;
  }
}
