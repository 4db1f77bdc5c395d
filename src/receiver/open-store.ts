/** The store that a receiver's options name: a file of its own, or a database that it shares. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../aggregation/store.js';
import { asStorageError } from '../service/storage-error.js';
import type { ReceiverOptions } from './options.js';

/** Name of the store's file in the data folder. */
const STORE_FILE = 'receiver.sqlite';

/** Makes the data folder too. Rejects as the stores do. Only the driver that is used is loaded. */
export async function openStore({ dataFolder, store, publicKeys: keys }: ReceiverOptions): Promise<Store> {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw asStorageError(cause, `cannot make ${dataFolder}`);
  }
  if (store === undefined) {
    const { SqliteStore } = await import('../aggregation/sqlite-store.js');
    return SqliteStore.open(join(dataFolder, STORE_FILE), keys);
  }
  const { PostgresStore } = await import('../aggregation/postgres-store.js');
  return PostgresStore.open({ url: store, keys });
}
