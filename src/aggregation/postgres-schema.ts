/** Tables of the shared store (docs/DATA_MODEL.md) and how an older database becomes a newer one. */
import { TelemetryKitError } from '../errors.js';
import { lockMigration } from './postgres-database.js';
import { POSTGRES_TABLES_1 } from './postgres-tables.js';
import type { SqlDatabase, SqlTransaction } from './sql-database.js';

/** Version n of the schema is made by the first n scripts. A script that was released never changes. */
const MIGRATIONS: readonly (readonly string[])[] = [POSTGRES_TABLES_1];

const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the database to this version, one receiver at a time, all of it or nothing. Rejects with `storage` where it
 * was written by a newer one.
 */
export function migratePostgres(database: SqlDatabase): Promise<void> {
  return database.transact(async (tx) => {
    await lockMigration(tx);
    const found = await versionOf(tx);
    if (found > SCHEMA_VERSION) {
      throw new TelemetryKitError('storage', `the store has schema version ${String(found)}, newer than this program`, {
        fix: 'run the version of telemetry-kit that wrote it, or a newer one',
      });
    }
    for (const [index, script] of MIGRATIONS.slice(found).entries()) {
      for (const statement of script) await tx.run(statement);
      await tx.run('INSERT INTO schema_version (version) VALUES (?)', found + index + 1);
    }
  });
}

/** A role that may not make schemas can use one that somebody made for it. */
async function versionOf(tx: SqlTransaction): Promise<number> {
  const schema = await tx.get(`SELECT 1 AS found FROM pg_namespace WHERE nspname = 'telemetry_kit'`);
  if (schema === undefined) await tx.run('CREATE SCHEMA telemetry_kit');
  await tx.run('CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)');
  const { version } = (await tx.get('SELECT max(version) AS version FROM schema_version')) as {
    version: number | null;
  };
  return version ?? 0;
}
