/** What only a file can do; everything else is in store.test.ts. */
import { join } from 'node:path';
import Database from 'libsql';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import { testPrivateKey } from '../support/keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const key = testPrivateKey().publicKey;

let folder: string;
let path: string;
let store: SqliteStore;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'receiver.sqlite');
  store = SqliteStore.open(path, [key]);
  onTestFinished(() => store.close());
});

test('has one owner', () => {
  expect(() => SqliteStore.open(path, [key])).toThrow(expect.objectContaining({ code: 'already_running' }));
});

test('of a newer version is refused', async () => {
  await store.close();
  const database = new Database(path);
  database.prepare('INSERT INTO schema_version VALUES (999)').run();
  database.close();
  expect(() => SqliteStore.open(path, [key])).toThrow(expect.objectContaining({ code: 'storage' }));
});

test('that cannot be made is a storage error', () => {
  expect(() => SqliteStore.open(join(folder, 'missing', 'x.sqlite'), [key])).toThrow(
    expect.objectContaining({ code: 'storage' }),
  );
});
