// @ts-check
/**
 * Where the built collector is kept: outside the clone, in a folder named for the manifest it was built from, so that
 * another manifest is built anew and the same one never again.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const CONFIG_FOLDER = fileURLToPath(new URL('../../collector-config/', import.meta.url));
export const MANIFEST = join(CONFIG_FOLDER, 'builder.yaml');

/** The collector's program; it exists once `npm run collector:build` has run. */
export function collectorProgram() {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const stamp = createHash('sha256').update(readFileSync(MANIFEST)).digest('hex').slice(0, 16);
  return join(cache, 'telemetry-kit', 'collector', stamp, 'telemetry-kit-collector');
}
