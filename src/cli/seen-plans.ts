/** The highest sequence of every plan name that a receiver was started with, kept in a file of its data folder. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';
import { assertNoneOlder, newestSequences, type Sequences } from '../service/plan-sequences.js';
import { asStorageError } from '../service/storage-error.js';
import { createFolder, jsonText, readJson, SECRET_FOLDER_MODE } from './files.js';

const FILE = 'plan-sequences.json';

const schema = z.record(z.string(), z.int().check(z.gte(1)));

/**
 * Remembers these plans for the next start. Throws `untrusted_plan` and changes nothing where all plans of a name
 * are older than one that ran before, `invalid_configuration` for a file that was edited, else `storage`.
 */
export function admitPlans(dataFolder: string, plans: readonly CompiledPlan[]): void {
  const path = join(dataFolder, FILE);
  const [seen, newest] = [readSequences(path), newestSequences(plans)];
  assertNoneOlder(newest, seen);
  createFolder(dataFolder, SECRET_FOLDER_MODE);
  try {
    writeFileSync(`${path}.tmp`, jsonText(Object.fromEntries([...seen, ...newest])), { mode: 0o600, flush: true });
    renameSync(`${path}.tmp`, path);
  } catch (cause) {
    throw asStorageError(cause, `cannot write ${path}`);
  }
}

function readSequences(path: string): Sequences {
  if (!existsSync(path)) return new Map();
  const parsed = schema.safeParse(readJson(path, 'the sequences of plans'));
  if (parsed.success) return new Map(Object.entries(parsed.data));
  throw new TelemetryKitError('invalid_configuration', `${path} does not hold the sequences of plans`, {
    fix: 'restore the file with the rest of its folder',
  });
}
