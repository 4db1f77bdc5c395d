/** Where the stores of the conformance tests are: what outlives those that are opened on it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import pg from 'pg';
import { PostgresStore } from '../../src/aggregation/postgres-store.js';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import type { Store } from '../../src/aggregation/store.js';
import type { PublicKey } from '../../src/paillier/public-key.js';
import { PostgresServer } from './postgres.js';
import { temporaryFolder } from './temporary-folder.js';

export interface StorePlace {
  /** The store as a receiver that starts now finds it. */
  readonly open: (keys: readonly PublicKey[]) => Promise<Store>;
  /** Rows in these tables; no store may be open. */
  readonly count: (tables: readonly string[]) => Promise<number[]>;
  /** Every byte of the store's files. Of SQLite only: a server keeps files of its own. */
  readonly files?: () => Buffer;
}

export const STORE_KINDS = ['SQLite', 'PostgreSQL'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

let server: PostgresServer | undefined;
let databases = 0;

/** For `afterAll` of a file that made places in PostgreSQL. */
export async function stopPostgres(): Promise<void> {
  await server?.stop();
  server = undefined;
}

/** An empty place of this kind, for one test. */
export function makePlace(kind: StoreKind): Promise<StorePlace> {
  return kind === 'SQLite' ? Promise.resolve(sqlitePlace()) : postgresPlace();
}

/** The address of a new database on this file's server. */
export async function newPostgresDatabase(): Promise<string> {
  server ??= await PostgresServer.start();
  const name = `store_${String((databases += 1))}`;
  await withClient(addressOf(server, 'postgres'), (client) => client.query(`CREATE DATABASE ${name}`));
  return addressOf(server, name);
}

export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A store whose work on windows is done under a lease, as a receiver does it. */
function leased(store: Store): Store {
  const under = async <Result>(
    window: Parameters<Store['exclusively']>[0],
    states: readonly Parameters<Store['exclusively']>[1][],
    work: () => Promise<Result>,
  ): Promise<Result> => {
    for (const state of states) {
      const done = await store.exclusively(window, state, async () => ({ result: await work() }));
      if (done !== undefined) return done.result;
    }
    return work();
  };
  return new Proxy(store, {
    get: (target, name) => {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== 'function') return found;
      const method = found.bind(target) as (...args: unknown[]) => Promise<unknown>;
      const states = WORK.get(name as keyof Store);
      if (states === undefined) return method;
      return (first: Parameters<Store['exclusively']>[0] | Parameters<Store['skipWindows']>[0], ...rest: unknown[]) =>
        under('windowStart' in first ? first : first[0]!, states, () => method(first, ...rest));
    },
  });
}

const WORK = new Map<keyof Store, readonly Parameters<Store['exclusively']>[1][]>([
  ['closeWindow', ['open']],
  ['beginSelection', ['open']],
  ['awaitSelection', ['open']],
  ['skipWindows', ['open']],
  ['closeSelected', ['selecting']],
  ['storeAnswer', ['aggregated']],
]);

function sqlitePlace(): StorePlace {
  const folder = temporaryFolder();
  const path = join(folder, 'receiver.sqlite');
  return {
    open: (keys) => Promise.resolve(leased(SqliteStore.open(path, keys))),
    count: (tables) => {
      const database = new Database(path);
      const counts = tables.map(
        (table) => (database.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number }).rows,
      );
      database.close();
      return Promise.resolve(counts);
    },
    files: () => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))),
  };
}

async function postgresPlace(): Promise<StorePlace> {
  const url = await newPostgresDatabase();
  return {
    open: async (keys) => leased(await PostgresStore.open({ url, keys })),
    count: (tables) =>
      withClient(url, async (client) => {
        const counts: number[] = [];
        for (const table of tables) {
          const { rows } = await client.query<{ rows: number }>(
            `SELECT count(*)::int AS rows FROM telemetry_kit.${table}`,
          );
          counts.push(rows[0]!.rows);
        }
        return counts;
      }),
  };
}

function addressOf({ connection: { host, user } }: PostgresServer, database: string): string {
  return `postgres://${user}@/${database}?host=${encodeURIComponent(host)}`;
}
