/** The highest sequence ever served of every plan name: a table beside the ledger's entries, not part of their chain. */
import { assertNoneOlder, type Sequences } from '../service/plan-sequences.js';
import type { SqliteDatabase } from '../service/sqlite.js';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS plan_sequences (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
`;

/** Creates the table where it is missing. */
export function prepareSequences(database: SqliteDatabase): void {
  database.exec(SCHEMA);
}

/** Throws `untrusted_plan`, and keeps what it had, where a sequence is lower than before. */
export function raiseSequences(database: SqliteDatabase, newest: Sequences): void {
  const rows = database.prepare('SELECT name, sequence FROM plan_sequences').all() as {
    readonly name: string;
    readonly sequence: number;
  }[];
  assertNoneOlder(newest, new Map(rows.map(({ name, sequence }) => [name, sequence])));
  const keep = database.prepare('INSERT OR REPLACE INTO plan_sequences (name, sequence) VALUES (?, ?)');
  for (const [name, sequence] of newest) keep.run(name, sequence);
}
