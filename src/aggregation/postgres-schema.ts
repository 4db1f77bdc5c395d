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
    await makeVersions(tx);
    // Whoever counts or works on a window meanwhile ends before, or begins after and sees the new version.
    await tx.run('LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE');
    const found = await assertNotNewer(tx);
    for (const [index, script] of MIGRATIONS.slice(found).entries()) {
      for (const statement of script) await tx.run(statement);
      await tx.run('INSERT INTO schema_version (version) VALUES (?)', found + index + 1);
    }
  });
}

/**
 * The version of the database, which stays until the transaction ends. Throws `storage` where a newer program has
 * changed it, perhaps while this one runs.
 */
export async function assertNotNewer(tx: SqlTransaction): Promise<number> {
  const { version } = (await tx.get('SELECT max(version) AS version FROM schema_version')) as {
    version: number | null;
  };
  const found = version ?? 0;
  if (found <= SCHEMA_VERSION) return found;
  throw new TelemetryKitError('storage', `the store has schema version ${String(found)}, newer than this program`, {
    fix: 'run the version of telemetry-kit that wrote it, or a newer one',
  });
}

/** A role that may not make schemas can use one that somebody made for it. */
async function makeVersions(tx: SqlTransaction): Promise<void> {
  const schema = await tx.get(`SELECT 1 AS found FROM pg_namespace WHERE nspname = 'telemetry_kit'`);
  if (schema === undefined) await tx.run('CREATE SCHEMA telemetry_kit');
  await tx.run('CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)');
}
