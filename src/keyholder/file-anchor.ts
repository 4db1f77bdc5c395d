/**
 * An anchor in a file: the key holder writes its head there after every answer. It protects where it is on storage
 * that is not restored together with the ledger. One JSON object: `sequence`, `hash` and
 * `time`, the newest of the ledger.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { TelemetryKitError } from '../errors.js';
import { asStorageError } from '../service/storage-error.js';
import { anchorOf, type AnchorSource, type SeenPosition } from './anchor.js';

export class FileAnchor implements AnchorSource {
  readonly description: string;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.description = `the file ${path}`;
  }

  read(): Promise<SeenPosition | undefined> {
    return new Promise((resolve) => {
      resolve(this.#read());
    });
  }

  /** Replaces the file as a whole, so that a crash leaves the old one or the new one. */
  write({ sequence, hash, time }: SeenPosition): void {
    const next = `${this.#path}.next`;
    try {
      const file = openSync(next, 'w', 0o600);
      try {
        writeSync(file, `${JSON.stringify({ sequence, hash, time })}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(next, this.#path);
    } catch (cause) {
      throw asStorageError(cause, `cannot write the anchor ${this.#path}`);
    }
  }

  #read(): SeenPosition | undefined {
    if (!existsSync(this.#path)) return undefined;
    const anchor = parse(this.#readText());
    if (anchor !== undefined) return anchor;
    throw new TelemetryKitError('unavailable', `the anchor ${this.#path} holds no ledger position`, {
      fix: 'look at who else writes this file; remove it only where the ledger is known to be whole',
    });
  }

  #readText(): string {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch (cause) {
      throw new TelemetryKitError('unavailable', `the anchor ${this.#path} cannot be read`, {
        fix: 'let this user read and write it',
        cause,
      });
    }
  }
}

function parse(text: string): SeenPosition | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof SeenPosition, unknown>> | null;
    return anchorOf(value?.sequence, value?.hash, value?.time);
  } catch {
    return undefined;
  }
}
