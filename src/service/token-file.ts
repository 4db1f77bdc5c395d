/** The file of tokens: entries with digests, never a token. Replaced as a whole, so that a reader sees all or nothing. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { TelemetryKitError } from '../errors.js';
import type { Live, ReloadedFiles } from './reloaded-files.js';
import { asStorageError } from './storage-error.js';
import { KEY_HOLDER_NAME, SCOPES, TokenRegister, type TokenEntry } from './tokens.js';

const seconds = z.int().check(z.gte(0));
const schema = z.strictObject({
  tokens: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string().check(z.minLength(1)),
      scopes: z.array(z.enum(SCOPES)).check(z.minLength(1)),
      sha256: z.string().check(z.regex(/^[\w-]{43}$/)),
      createdAt: seconds,
      expiresAt: z.optional(seconds),
    }),
  ),
});

/** Throws `invalid_configuration` naming the first field that is wrong. */
export function parseTokens(text: string, path: string): TokenEntry[] {
  const parsed = schema.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw bad(`the tokens in ${path} cannot be read: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  for (const entry of parsed.data.tokens) assertMayHold(entry);
  return parsed.data.tokens;
}

/** Throws `invalid_configuration` where an identity must not have a scope. */
export function assertMayHold({ name, scopes }: Pick<TokenEntry, 'name' | 'scopes'>): void {
  if (name !== KEY_HOLDER_NAME || !scopes.includes('owner')) return;
  throw new TelemetryKitError('invalid_configuration', 'the key holder must never have the scope owner', {
    fix: 'give exact aggregates to somebody who does not hold the private key',
  });
}

/** The entries of the file; none where it does not exist. */
export function readTokenFile(path: string): TokenEntry[] {
  return existsSync(path) ? parseTokens(readFileSync(path, 'utf8'), path) : [];
}

/** Mode 0600. Throws `storage`. */
export function writeTokenFile(path: string, tokens: readonly TokenEntry[]): void {
  try {
    writeFileSync(`${path}.tmp`, `${JSON.stringify({ tokens }, undefined, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(`${path}.tmp`, path);
  } catch (cause) {
    throw asStorageError(cause, `cannot write ${path}`);
  }
}

/** The tokens of a file, read again when it changes. Throws `invalid_configuration`. */
export function watchTokens(files: ReloadedFiles, path: string): Live<TokenRegister> {
  return files.watch({
    what: 'the tokens',
    paths: [path],
    parse: ([text = '']) => new TokenRegister(parseTokens(text, path)),
  });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad(`the tokens in ${path} are not JSON`);
  }
}

function bad(message: string): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', message, {
    fix: 'restore the file, or make a new one with `telemetry-kit tokens create`',
  });
}
