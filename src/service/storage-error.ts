/** What SQLite and the file system report, as errors of ours. */
import { TelemetryKitError } from '../errors.js';

/** Maps SQLite's and the file system's errors to ours, keeping ours as they are. */
export function asStorageError(cause: unknown, what: string): TelemetryKitError {
  if (cause instanceof TelemetryKitError) return cause;
  const raw = (cause as { code?: unknown }).code;
  const code = typeof raw === 'string' ? raw : 'unknown';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new TelemetryKitError('already_running', `${what}: another process holds it`, {
      fix: 'stop the other process, or give this one a data folder of its own',
      cause,
    });
  }
  return new TelemetryKitError('storage', `${what} (${code})`, {
    fix: 'check that the disk is not full and that the folder is writable by this user',
    cause,
  });
}
