/**
 * A Unix socket that only its owner can reach: in a folder of mode 0700, taking the place of a socket that
 * nobody answers on, never of one that somebody does.
 */
import { chmodSync, lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { TelemetryKitError } from '../errors.js';

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the final zero included. */
const LONGEST_PATH_BYTES = 103;
const OTHERS = 0o077;

/**
 * Makes the path ready to listen on. Throws `invalid_configuration` where the path is too long, the folder
 * open to others, or something else lies there, and `address_in_use` where somebody listens.
 */
export async function prepareSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) {
    throw invalid(`the socket path ${path} is too long`, `use at most ${String(LONGEST_PATH_BYTES)} bytes in all`);
  }
  prepareFolder(dirname(path));
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw invalid(`${path} exists and is no socket`, 'choose another path, or move that file away');
  if (await isAnswered(path)) {
    throw new TelemetryKitError('address_in_use', `the key holder cannot listen on ${path}: another process does`, {
      fix: 'stop the other key holder, or choose another path',
    });
  }
  unlinkSync(path);
}

/** Only its owner may connect, should the folder ever be opened to others. */
export function restrictSocket(path: string): void {
  chmodSync(path, 0o600);
}

/** After the server has let go of it. */
export function removeSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
}

function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw invalid(`the folder ${folder} cannot be created`, 'choose a folder that this user may write', cause);
  }
  const { mode, uid } = statSync(folder);
  if ((mode & OTHERS) === 0 && uid === process.getuid?.()) return;
  throw invalid(
    `the folder ${folder} of the socket is open to other users`,
    `run chmod 700 ${folder}, or choose another`,
  );
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

function invalid(message: string, fix: string, cause?: unknown): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', message, { fix, cause });
}
