/** The shared store: one PostgreSQL database for any number of receivers behind a load balancer. */
import type { PublicKey } from '../paillier/public-key.js';
import { postgresAccumulatorRows } from './postgres-accumulator-rows.js';
import { PostgresStoreDatabase } from './postgres-database.js';
import { LEASE_MILLIS, PostgresLeases } from './postgres-leases.js';
import { connectPostgres } from './postgres-pool.js';
import { assertNotNewer, migratePostgres } from './postgres-schema.js';
import type { SqlDatabase } from './sql-database.js';
import { SqlStore } from './sql-store.js';

export interface PostgresStoreOptions {
  /** `postgres://user@host:port/database`. */
  readonly url: string;
  readonly keys: readonly PublicKey[];
  /** How long a window waits whose receiver has died, in milliseconds. Default 30,000. */
  readonly leaseMillis?: number;
}

export class PostgresStore extends SqlStore {
  private constructor(database: SqlDatabase, keys: readonly PublicKey[], leaseMillis: number) {
    const leases = new PostgresLeases(database, leaseMillis);
    const time = (): Promise<number> => timeOf(database);
    super({ database, rows: postgresAccumulatorRows, leases, time, assertCurrent: assertNotNewer }, keys);
  }

  /** Rejects with `storage` where it cannot be used, `invalid_configuration` where the package `pg` is missing. */
  static async open({ url, keys, leaseMillis = LEASE_MILLIS }: PostgresStoreOptions): Promise<PostgresStore> {
    const database = new PostgresStoreDatabase(await connectPostgres(url));
    try {
      await migratePostgres(database);
      return new PostgresStore(database, keys, leaseMillis);
    } catch (error) {
      await database.close();
      throw error;
    }
  }
}

/** All receivers of a database go by its clock. */
function timeOf(database: SqlDatabase): Promise<number> {
  return database.transact(async (tx) => {
    const row = await tx.get('SELECT extract(epoch FROM clock_timestamp())::float8 AS seconds');
    return (row as { seconds: number }).seconds;
  });
}
