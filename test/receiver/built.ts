/** The built package, for what needs worker threads or processes; typed by the sources it was built from. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as KeyHolder from '../../src/keyholder/start.js';
import type * as PrivateKeys from '../../src/paillier/private-key.js';
import type * as Receiver from '../../src/receiver/index.js';
import type * as VerifyPools from '../../src/receiver/verify-pool.js';

const DIST = resolve(import.meta.dirname, '../../dist/src');

async function built<Module>(path: string): Promise<Module> {
  return (await import(pathToFileURL(resolve(DIST, path)).href)) as Module;
}

export const { startReceiver, createKeyHolderClient } = await built<typeof Receiver>('receiver/index.js');
export const { VerifyPool } = await built<typeof VerifyPools>('receiver/verify-pool.js');
export const { startKeyHolder } = await built<typeof KeyHolder>('keyholder/start.js');
export const { PrivateKey } = await built<typeof PrivateKeys>('paillier/private-key.js');
