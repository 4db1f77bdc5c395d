/** Tokens: what opens a door, what does not, and what is kept of them. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/random.js';
import { AccessControl } from '../../src/service/access.js';
import { fixedValue, ReloadedFiles } from '../../src/service/reloaded-files.js';
import { parseTokens, watchTokens, writeTokenFile } from '../../src/service/token-file.js';
import { createToken, SCOPES, TokenRegister, type Scope } from '../../src/service/tokens.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NOW = 1_800_000_000;
const make = (scopes: Scope[], expiresAt?: number) =>
  createToken({ name: 'test', scopes, createdAt: NOW, expiresAt }, systemRandom);

describe('a register', () => {
  test.each(SCOPES)('opens the door of %s with that scope and no other', (scope) => {
    const { token, entry } = make([scope]);
    const register = new TokenRegister([make(['ingest', 'query', 'admin']).entry, entry]);
    expect(register.check(`Bearer ${token}`, scope, NOW)).toEqual({ granted: true, name: 'test' });
    for (const other of SCOPES.filter((each) => each !== scope)) {
      expect(register.check(`Bearer ${token}`, other, NOW)).toEqual({
        granted: false,
        refusal: 'permission_denied',
        message: `the bearer token lacks the scope ${other}`,
      });
    }
  });

  test.each<[string, (token: string) => string | undefined]>([
    ['nothing', () => undefined],
    ['an empty header', () => ''],
    ['another scheme', (token) => `Basic ${token}`],
    ['another token', () => `Bearer ${make(['ingest']).token}`],
    ['a part of it', (token) => `Bearer ${token.slice(0, -1)}`],
    ['more than it', (token) => `Bearer ${token}A`],
    ['its digest', () => `Bearer ${entryOf().sha256}`],
  ])('takes %s for nobody', (_, header) => {
    const { token, entry } = made;
    const answer = new TokenRegister([entry]).check(header(token), 'ingest', NOW);
    expect(answer).toMatchObject({ granted: false, refusal: 'unauthenticated' });
  });
  const made = make(['ingest']);
  const entryOf = () => made.entry;

  test('refuses a token from the second on in which it expires', () => {
    const { token, entry } = make(['query'], NOW + 10);
    const register = new TokenRegister([entry]);
    expect(register.check(`Bearer ${token}`, 'query', NOW + 9)).toMatchObject({ granted: true });
    expect(register.check(`Bearer ${token}`, 'query', NOW + 10)).toMatchObject({ refusal: 'unauthenticated' });
  });
});

describe('the file', () => {
  test('holds no token and is for its owner only', () => {
    const path = join(temporaryFolder(), 'tokens.json');
    const { token, entry } = make(['ingest']);
    writeTokenFile(path, [entry]);
    expect(readFileSync(path, 'utf8')).not.toContain(token.slice(3));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(parseTokens(readFileSync(path, 'utf8'), path)).toEqual([entry]);
  });

  test('a revoked token is refused as soon as the file is read again', () => {
    const path = join(temporaryFolder(), 'tokens.json');
    const [one, two] = [make(['ingest']), make(['ingest'])];
    writeTokenFile(path, [one.entry, two.entry]);
    const files = new ReloadedFiles(pino({ level: 'silent' }));
    const access = new AccessControl(watchTokens(files, path), () => NOW * 1000);
    expect(access.refuse(`Bearer ${one.token}`, 'ingest')).toBeUndefined();
    writeTokenFile(path, [two.entry]);
    files.reload();
    expect(access.refuse(`Bearer ${one.token}`, 'ingest')).toMatchObject({ httpStatus: 401 });
    writeFileSync(path, '{');
    files.reload();
    expect(access.refuse(`Bearer ${two.token}`, 'ingest')).toBeUndefined();
    expect(files.counts).toEqual({ succeeded: 1, failed: 1 });
  });

  test('the key holder never has the scope owner', () => {
    const { entry } = make(['owner']);
    const text = JSON.stringify({ tokens: [{ ...entry, name: 'keyholder' }] });
    expect(() => parseTokens(text, 'tokens.json')).toThrow('the key holder must never have the scope owner');
  });

  test.each(['', '[]', '{"tokens":[{}]}', '{"tokens":[],"more":1}'])('that is none is refused: %s', (text) => {
    expect(() => parseTokens(text, 'tokens.json')).toThrow('tokens.json');
  });
});

test('a refusal says what is missing and how to ask (RFC 6750)', () => {
  const { token, entry } = make(['query']);
  const access = new AccessControl(fixedValue(new TokenRegister([entry])), () => NOW * 1000);
  expect(access.refuse(undefined, 'ingest')).toMatchObject({
    httpStatus: 401,
    message: 'a bearer token with the scope ingest is needed',
    challenge: 'Bearer realm="telemetry-kit"',
  });
  expect(access.refuse(`Bearer ${token}`, 'ingest')).toMatchObject({
    httpStatus: 403,
    challenge: 'Bearer realm="telemetry-kit", error="insufficient_scope", scope="ingest"',
  });
  expect(access.refused).toEqual({ unauthenticated: 1, permission_denied: 1 });
});
