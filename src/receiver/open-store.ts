/** The store that a receiver's options name: a file of its own, or a database that it shares. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresStore } from '../aggregation/postgres-store.js';
import { SqliteStore } from '../aggregation/sqlite-store.js';
import type { Store } from '../aggregation/store.js';
import { asStorageError } from '../service/sqlite.js';
import type { ReceiverOptions } from './options.js';

/** Name of the store's file in the data folder. */
const STORE_FILE = 'receiver.sqlite';

/** Makes the data folder too. Rejects as the stores do. */
export async function openStore({ dataFolder, store, publicKeys: keys }: ReceiverOptions): Promise<Store> {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw asStorageError(cause, `cannot make ${dataFolder}`);
  }
  return store === undefined
    ? SqliteStore.open(join(dataFolder, STORE_FILE), keys)
    : PostgresStore.open({ url: store, keys });
}
