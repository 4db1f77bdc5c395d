/**
 * Opens a contribution file under a lock of its own, which is held for as long as it is open: a file that has to be
 * replaced is replaced by one process only. A file that is not there, or is not what was written, begins anew and has
 * forgotten what it counted: periods that had begun by then stay silent.
 */
import { renameSync, statSync } from 'node:fs';
import { TelemetryKitError } from '../src/errors.js';
import { asStorageError } from '../src/service/storage-error.js';
import { CheckedFile } from './checked-file.node.js';
import type { FileCondition } from './contribution-file-messages.js';
import { decodeContributions, encodeContributions, type CountedContributions } from './contribution-journal.js';
import { FileLock } from './file-lock.node.js';

interface OpenedContributions {
  readonly file: CheckedFile;
  readonly counted: CountedContributions;
  readonly condition: FileCondition;
}

export interface OpenedFile extends OpenedContributions {
  readonly lock: FileLock;
}

/**
 * `now` in Unix milliseconds. Throws `already_running` where the file is open elsewhere, `storage` where it cannot be
 * used.
 */
export function openContributionFile(path: string, now: number): OpenedFile {
  return underLock(path, (lock) => ({ ...openLocked(path, Math.ceil(now / 1000)), lock }));
}

/**
 * Makes the file of an application that has never counted: counting begins at once. Throws `invalid_argument` where
 * there is a file already.
 */
export function createContributionFile(path: string): void {
  underLock(path, (lock) => {
    if (sizeOf(path) !== undefined) {
      throw new TelemetryKitError('invalid_argument', `${path} exists already`, {
        fix: 'open it: only an application that has never counted makes a new one',
      });
    }
    begin(path, 0, 'missing').file.close();
    lock.release();
  });
}

function underLock<Result>(path: string, run: (lock: FileLock) => Result): Result {
  const lock = new FileLock(`${path}.lock`);
  try {
    return run(lock);
  } catch (cause) {
    lock.release();
    throw asStorageError(cause, `cannot use ${path}`);
  }
}

function openLocked(path: string, now: number): OpenedContributions {
  if ((sizeOf(path) ?? 0) === 0) return begin(path, now, 'missing');
  const body = CheckedFile.read(path);
  if (body !== undefined) {
    const counted = decodeContributions(body);
    return { file: CheckedFile.open(path, body), counted, condition: 'found' };
  }
  renameSync(path, `${path}.corrupt`);
  return begin(path, now, 'corrupt');
}

function begin(path: string, began: number, condition: FileCondition): OpenedContributions {
  const counted = { began, periods: [] };
  return { file: CheckedFile.replace(path, encodeContributions(counted)), counted, condition };
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
