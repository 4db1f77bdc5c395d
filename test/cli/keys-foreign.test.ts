/** `keys import`, `keys export` and `doctor` through the built command. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportPrivateJwk } from '../../src/paillier/foreign-private-key.js';
import { exportPublicJwk } from '../../src/paillier/foreign-public-key.js';
import { testPrivateKey } from '../support/keys.js';
import { run, temporaryFolder } from './command.js';

const secret = testPrivateKey(2048);

function fileWith(content: unknown): string {
  const path = join(temporaryFolder(), 'file.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('foreign keys', () => {
  it('go in sealed and come out again, in clear only where asked', async () => {
    const out = join(temporaryFolder(), 'keys');
    const passphrase = fileWith('correct horse battery staple');
    const imported = await run([
      'keys',
      'import',
      fileWith(exportPrivateJwk(secret)),
      '--out',
      out,
      '--passphrase-file',
      passphrase,
    ]);
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toContain(secret.publicKey.kid);
    const sealed = join(out, 'private-key.json');
    expect(statSync(sealed).mode & 0o777).toBe(0o600);
    expect(readFileSync(sealed, 'utf8')).not.toContain(exportPrivateJwk(secret).p);

    const exported = await run(['keys', 'export', join(out, 'public-key.json')]);
    expect(JSON.parse(exported.stdout)).toEqual(exportPublicJwk(secret.publicKey));
    const refused = await run(['keys', 'export', sealed, '--passphrase-file', passphrase]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/\[invalid_argument\].*--private/);
    const clear = await run(['keys', 'export', sealed, '--private', '--passphrase-file', passphrase]);
    expect(JSON.parse(clear.stdout)).toEqual(exportPrivateJwk(secret));
  });
  it('of the wrong form are named and leave nothing', async () => {
    const out = join(temporaryFolder(), 'keys');
    const { code, stderr } = await run(['keys', 'import', fileWith({ kty: 'RSA' }), '--out', out]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\[invalid_key\].*another kind/);
  });
});

describe('doctor', () => {
  it('says which arithmetic runs for every key size', async () => {
    const { code, stdout } = await run(['doctor', '--json']);
    expect(code).toBe(0);
    const findings = JSON.parse(stdout) as { check: string; result: string }[];
    expect(findings.filter(({ check }) => check.startsWith('arithmetic'))).toHaveLength(3);
    for (const { check, result } of findings) {
      if (check.startsWith('arithmetic')) expect(result).toMatch(/^(wasm|bigint) \(.+\)$/);
    }
  });
});
