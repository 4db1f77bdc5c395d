/** `telemetry-kit tokens`: make, list and revoke bearer tokens in the file that a service reads. */
import { systemClock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';
import { systemRandom } from '../random.js';
import { assertMayHold, readTokenFile, writeTokenFile } from '../service/token-file.js';
import { createToken, type Scope, type TokenEntry } from '../service/tokens.js';
import { alignColumns, writeData, writeJson, writeNote } from './output.js';

export interface TokenListOptions {
  readonly file: string;
  readonly json?: boolean;
}

export interface TokenCreateOptions extends TokenListOptions {
  readonly name: string;
  readonly scope: readonly Scope[];
  readonly days?: string;
}

const DAY_SECONDS = 86_400;

/** The token alone on standard output. Throws `invalid_argument` or `invalid_configuration`. */
export function tokensCreate({ file, name, scope, days, json }: TokenCreateOptions): void {
  const createdAt = nowSeconds();
  const expiresAt = days === undefined ? undefined : createdAt + DAY_SECONDS * parseDays(days);
  assertMayHold({ name, scopes: scope });
  const facts = { name, scopes: [...new Set(scope)], createdAt, ...(expiresAt === undefined ? {} : { expiresAt }) };
  const { token, entry } = createToken(facts, systemRandom);
  writeTokenFile(file, [...readTokenFile(file), entry]);
  writeNote(`token ${entry.id} for ${name}: it is shown only now`);
  if (json === true) writeJson({ id: entry.id, token });
  else writeData(token);
}

export function tokensList({ file, json }: TokenListOptions): void {
  const entries = readTokenFile(file);
  if (json === true)
    writeJson(
      entries.map(({ id, name, scopes, createdAt, expiresAt }) => ({ id, name, scopes, createdAt, expiresAt })),
    );
  else writeData(alignColumns([['id', 'name', 'scopes', 'created', 'expires'], ...entries.map(row)]));
}

/** Throws `invalid_argument` where no token has the id. */
export function tokensRevoke(id: string, { file }: TokenListOptions): void {
  const entries = readTokenFile(file);
  const left = entries.filter((entry) => entry.id !== id);
  if (left.length === entries.length) {
    throw new TelemetryKitError('invalid_argument', `no token in ${file} has the id ${id}`, {
      fix: 'run `telemetry-kit tokens list` for the ids',
    });
  }
  writeTokenFile(file, left);
  writeNote(`token ${id} is revoked`);
}

function row({ id, name, scopes, createdAt, expiresAt }: TokenEntry): string[] {
  return [id, name, scopes.join(','), isoDay(createdAt), expiresAt === undefined ? 'never' : isoDay(expiresAt)];
}

function isoDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

function nowSeconds(): number {
  return Math.floor(systemClock() / 1000);
}

function parseDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1) return days;
  throw new TelemetryKitError('invalid_argument', `--days ${text} is no number of days`, { fix: 'write 1 or more' });
}
