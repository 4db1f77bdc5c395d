/**
 * A file that grows, and of which it can be told whether it still has all that was ever written. It begins with the
 * length and the SHA-256 of its body, twice:
 *
 *   head | head | body
 *
 * An addition is written with the first head, made durable, then the second head is. Whoever was told that an addition
 * is there can count on both heads saying so; a crash before leaves at least one head that fits the body as it was.
 * A body that neither head fits is not what was written. Every call waits for the disk.
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { TelemetryKitError } from '../src/errors.js';

const HEAD_BYTES = 128;
const BODY_START = 2 * HEAD_BYTES;
const HEAD = /^telemetry-kit 1 (\d{1,15}) ([\w-]{43}) *\n$/;

export class CheckedFile {
  /** `undefined` once closed: the system gives the number to the next file. */
  #descriptor: number | undefined;
  /** Of the body so far. */
  #hash: Hash;
  #length: number;

  private constructor(descriptor: number, hash: Hash, length: number) {
    this.#descriptor = descriptor;
    this.#hash = hash;
    this.#length = length;
  }

  /** The body of a file; `undefined` where it is not what was written. */
  static read(path: string): Buffer | undefined {
    const content = readFileSync(path);
    const fitting = [0, HEAD_BYTES].flatMap((start) => bodyBy(content, start) ?? []);
    return fitting.sort((a, b) => b.length - a.length)[0];
  }

  /** To go on where `body`, as it was read, ends. */
  static open(path: string, body: Buffer): CheckedFile {
    return new CheckedFile(openSync(path, 'r+'), hashOf(body), body.length);
  }

  /** Puts a new file in the place of whatever was there, at once or not at all. Mode 0600. */
  static replace(path: string, body: Buffer): CheckedFile {
    const descriptor = openSync(`${path}.new`, 'w', 0o600);
    const file = new CheckedFile(descriptor, hashOf(body), body.length);
    try {
      const head = headOf(file.#hash, body.length);
      writeAll(descriptor, Buffer.concat([head, head, body]), 0);
      fsyncSync(descriptor);
      renameSync(`${path}.new`, path);
      syncFolder(dirname(path));
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    return file;
  }

  /** Of the body. */
  get length(): number {
    return this.#length;
  }

  /** Durable when it returns; as if it had not been called where it throws, and may be called again. */
  append(addition: Buffer): void {
    const descriptor = this.assertOpen();
    const hash = this.#hash.copy().update(addition);
    const length = this.#length + addition.length;
    const head = headOf(hash, length);
    writeAll(descriptor, addition, BODY_START + this.#length);
    writeAll(descriptor, head, 0);
    fsyncSync(descriptor);
    writeAll(descriptor, head, HEAD_BYTES);
    fsyncSync(descriptor);
    this.#hash = hash;
    this.#length = length;
  }

  /** Its descriptor. Throws `storage` once it is closed. */
  assertOpen(): number {
    if (this.#descriptor !== undefined) return this.#descriptor;
    throw new TelemetryKitError('storage', 'the file is closed', { fix: 'open it again' });
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** The body that the head at `start` describes, where it is there. */
function bodyBy(content: Buffer, start: number): Buffer | undefined {
  const [, length = '', digest] = HEAD.exec(content.toString('latin1', start, start + HEAD_BYTES)) ?? [];
  if (digest === undefined) return undefined;
  const body = content.subarray(BODY_START, BODY_START + Number(length));
  return body.length === Number(length) && hashOf(body).digest('base64url') === digest ? body : undefined;
}

function headOf(hash: Hash, length: number): Buffer {
  const text = `telemetry-kit 1 ${String(length)} ${hash.copy().digest('base64url')}`;
  return Buffer.from(`${text.padEnd(HEAD_BYTES - 1)}\n`, 'latin1');
}

function hashOf(body: Buffer): Hash {
  return createHash('sha256').update(body);
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
  }
}

function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
