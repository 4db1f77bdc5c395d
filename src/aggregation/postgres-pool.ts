/** Connections to PostgreSQL through `pg`, which is loaded only where it is used. */
import type pg from 'pg';
import { TelemetryKitError } from '../errors.js';

/** What is used of a client of `pg`. */
export interface PostgresClient {
  query(query: { readonly text: string; readonly values?: unknown[] }): Promise<PostgresResult>;
  /** With a reason: the connection is not used again. */
  release(broken?: boolean): void;
}

interface PostgresResult {
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

/** What is used of a `Pool` of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  end(): Promise<void>;
}

/** One for counting, and some for closing, releasing and readers. */
const CONNECTIONS = 5;
const CONNECT_MILLIS = 10_000;
/** An answer that takes longer never comes: the server itself gives up earlier (postgres-database.ts). */
const QUERY_MILLIS = 60_000;

/**
 * Throws `invalid_configuration` where `pg` is not installed or the URL is none. Names of users and passwords that are
 * not in the URL are taken from where PostgreSQL's own programs take them (PGPASSWORD, ~/.pgpass).
 */
export async function connectPostgres(url: string): Promise<PostgresPool> {
  const { Pool, types } = await loadDriver();
  try {
    const pool = new Pool({
      connectionString: url,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_MILLIS,
      query_timeout: QUERY_MILLIS,
      keepAlive: true,
      application_name: 'telemetry-kit',
      // No integer of the store comes near 2^53.
      types: {
        getTypeParser: (type, format): unknown =>
          type === types.builtins.INT8 ? Number : types.getTypeParser(type, format),
      },
    });
    // A connection that breaks while it is idle must not end the process; the next transaction gets another.
    pool.on('error', () => undefined);
    return pool;
  } catch {
    throw new TelemetryKitError('invalid_configuration', 'the store is no address of a PostgreSQL database', {
      fix: 'write it as postgres://user@host:port/database',
    });
  }
}

async function loadDriver(): Promise<typeof pg> {
  try {
    return (await import('pg')).default;
  } catch {
    throw new TelemetryKitError('invalid_configuration', 'the package pg is not installed', {
      fix: 'install it beside telemetry-kit: npm install pg',
    });
  }
}
