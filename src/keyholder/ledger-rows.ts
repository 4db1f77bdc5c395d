/** The ledger's rows in SQLite. */
import type Database from 'libsql';
import { TelemetryKitError } from '../errors.js';
import type { SqliteDatabase } from '../service/sqlite.js';
import { parseBody, type EntryBody, type LedgerEntry } from './ledger-entry.js';
import { LEDGER_SCHEMA, LEDGER_SCHEMA_VERSION } from './ledger-schema.js';
import type { LedgerRecord } from './ledger-record.js';
import { cellIdOf } from './release-id.js';

interface Row {
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
    throw new TelemetryKitError('storage', 'the ledger was written by another version of telemetry-kit', {
      fix: 'run the key holder with that version; never begin a new ledger for the same people within a budget period',
    });
  }
}

export function* readEntries(database: SqliteDatabase): Generator<LedgerEntry> {
  const page = database.prepare(`SELECT * FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ${String(PAGE)}`);
  let last = 0;
  for (;;) {
    const rows = page.all(last) as Row[];
    for (const row of rows) {
      assertColumns(row);
      yield { sequence: row.sequence, previousHash: row.previous_hash, hash: row.hash, body: row.body };
    }
    if (rows.length < PAGE) return;
    last = rows.at(-1)?.sequence ?? last;
  }
}

/** The columns that are searched must say what the hashed body says. */
function assertColumns(row: Row): void {
  const body = parseBody(row.body);
  if (body === undefined) return;
  const said = columnsOf(body);
  if (body.state === row.state && said.releaseId === row.release_id && said.cellId === row.cell_id) return;
  throw new TelemetryKitError('ledger_corrupt', `ledger entry ${String(row.sequence)} does not verify: its columns`, {
    fix: 'stop releasing and restore the whole ledger file; compare its head with the published anchors',
  });
}

function columnsOf(body: EntryBody): { readonly releaseId: string | null; readonly cellId: string | null } {
  switch (body.state) {
    case 'RESERVED':
      return { releaseId: body.releaseId, cellId: cellIdOf(body.cell) };
    case 'SEALED':
    case 'PUBLISHED':
      return { releaseId: body.releaseId, cellId: null };
    case 'RESERVED_PERIOD':
      return { releaseId: null, cellId: null };
  }
}

/** Writes and searches entries with statements that are prepared once. */
export class LedgerRows {
  readonly #insert: Database.Statement;
  readonly #find: Database.Statement<[string]>;

  constructor(database: SqliteDatabase) {
    this.#insert = database.prepare(
      'INSERT INTO entries (sequence, state, release_id, cell_id, previous_hash, hash, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#find = database.prepare(
      'SELECT * FROM entries WHERE release_id = (SELECT release_id FROM entries WHERE cell_id = ?) ORDER BY sequence',
    );
  }

  insert({ sequence, previousHash, hash, body: text }: LedgerEntry, body: EntryBody): void {
    const { releaseId, cellId } = columnsOf(body);
    this.#insert.run(sequence, body.state, releaseId, cellId, previousHash, hash, text);
  }

  /** The release of a cell, from its one to three entries. */
  find(cellId: string): LedgerRecord | undefined {
    const rows = this.#find.all(cellId) as Row[];
    return rows.reduce<LedgerRecord | undefined>(addRow, undefined);
  }
}

function addRow(record: LedgerRecord | undefined, row: Row): LedgerRecord | undefined {
  const body = parseBody(row.body);
  switch (body?.state) {
    case 'RESERVED':
      return { reserved: body, sealed: undefined, published: false };
    case 'SEALED': {
      const position = { sequence: row.sequence, hash: row.hash };
      return record && { ...record, sealed: { outcome: body.outcome, position } };
    }
    case 'PUBLISHED':
      return record && { ...record, published: true };
    case 'RESERVED_PERIOD':
    case undefined:
      return record;
  }
}
