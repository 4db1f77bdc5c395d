/** Creates a file with a secret: readable by its owner only, complete or not there, never over another one. */
import { closeSync, fsyncSync, linkSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { toBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { systemRandom } from '../random.js';

/**
 * Writes beside the path, syncs, then links it into place: unlike a rename, a link fails where the name is
 * taken. Throws `invalid_configuration` where the file exists and `storage` where it cannot be written.
 */
export function writeSecretFile(path: string, contents: string): void {
  const temporary = `${path}.${toBase64Url(systemRandom(6))}.tmp`;
  try {
    writeSynced(temporary, contents);
    linkSync(temporary, path);
    syncFolder(dirname(path));
  } catch (cause) {
    throw writeError(cause, path);
  } finally {
    removeIfThere(temporary);
  }
}

function writeSynced(path: string, contents: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, contents);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The new name itself must survive a crash, too. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw writeError(cause, path);
  }
}

function writeError(cause: unknown, path: string): TelemetryKitError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return code === 'EEXIST'
    ? new TelemetryKitError('invalid_configuration', `${path} exists already`, {
        fix: 'choose another path: a key is never overwritten',
        cause,
      })
    : new TelemetryKitError('storage', `cannot write ${path} (${code})`, {
        fix: 'check that the folder exists, is writable by this user and that the disk is not full',
        cause,
      });
}
