/** Reading and creating the files that users name; every failure names the file and what to do. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { TelemetryKitError } from '../errors.js';

export const PUBLIC_MODE = 0o644;
/** Only this user may look inside: keys, passphrases, the services' socket. */
export const SECRET_FOLDER_MODE = 0o700;

/** Throws `invalid_configuration` where the file is missing or unreadable. */
export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw fileError(cause, `cannot read ${what} ${path}`, 'check the path and that this user may read it');
  }
}

/** Parsed JSON; throws `invalid_configuration` where there is none. */
export function readJson(path: string, what: string): unknown {
  const text = readText(path, what);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TelemetryKitError('invalid_configuration', `${what} ${path} is not JSON`, {
      fix: 'correct the file, or restore it',
      cause,
    });
  }
}

/** Creates the file; throws `invalid_configuration` if it exists, so that no key is ever overwritten. */
export function createFile(path: string, contents: string, mode: number): void {
  try {
    writeFileSync(path, contents, { flag: 'wx', mode });
  } catch (cause) {
    throw fileError(cause, `cannot create ${path}`, 'choose a folder that this user may write');
  }
}

export function createJsonFile(path: string, value: unknown, mode: number): void {
  createFile(path, jsonText(value), mode);
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Creates the folder and its parents where they are missing. */
export function createFolder(path: string, mode?: number): void {
  try {
    mkdirSync(path, { recursive: true, ...(mode === undefined ? {} : { mode }) });
  } catch (cause) {
    throw fileError(cause, `cannot create the folder ${path}`, 'choose a folder that this user may write');
  }
}

/** Throws `invalid_configuration` if any exists: asked before minutes are spent on making a key. */
export function assertAbsent(paths: readonly string[]): void {
  const present = paths.find((path) => existsSync(path));
  if (present !== undefined) throw alreadyExists(present);
}

function fileError(cause: unknown, what: string, fix: string): TelemetryKitError {
  const { code, path } = cause as { code?: unknown; path?: unknown };
  if (code === 'EEXIST' && typeof path === 'string') return alreadyExists(path);
  const reason = code === 'ENOENT' ? 'it does not exist' : typeof code === 'string' ? code : 'unknown reason';
  return new TelemetryKitError('invalid_configuration', `${what}: ${reason}`, { fix, cause });
}

function alreadyExists(path: string): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', `${path} exists already and is never overwritten`, {
    fix: 'choose another folder, or move the old file away yourself',
  });
}
