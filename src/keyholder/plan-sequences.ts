/**
 * The highest sequence that was ever served of every plan name. A plan that was replaced cannot come back alone
 * after a restart; it may be loaded beside its successor, to finish its windows.
 */
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { SqliteDatabase } from '../service/sqlite.js';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS plan_sequences (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
`;

/** Creates the table where it is missing. */
export function preparePlanSequences(database: SqliteDatabase): void {
  database.exec(SCHEMA);
}

/** The newest of every name. */
export function newestSequences(plans: readonly CompiledPlan[]): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  for (const { plan } of plans) newest.set(plan.name, Math.max(plan.sequence, newest.get(plan.name) ?? 0));
  return newest;
}

/** Throws `untrusted_plan`, and keeps what it had, where a sequence is lower than before. */
export function raiseSequences(database: SqliteDatabase, newest: ReadonlyMap<string, number>): void {
  const seen = database.prepare('SELECT sequence FROM plan_sequences WHERE name = ?');
  for (const [name, sequence] of newest) {
    const row = seen.get(name) as { readonly sequence: number } | undefined;
    if (row !== undefined && sequence < row.sequence) throw olderPlan(name, sequence, row.sequence);
  }
  const keep = database.prepare('INSERT OR REPLACE INTO plan_sequences (name, sequence) VALUES (?, ?)');
  for (const [name, sequence] of newest) keep.run(name, sequence);
}

function olderPlan(name: string, sequence: number, seen: number): TelemetryKitError {
  return new TelemetryKitError(
    'untrusted_plan',
    `plan ${name} is sequence ${String(sequence)}, and sequence ${String(seen)} was already in use here`,
    { fix: 'load the newest plan of that name too; the older one may stay beside it to finish its windows' },
  );
}
