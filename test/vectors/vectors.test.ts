/** The committed vectors are what this build makes: a change of any format shows here first. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

test('test/vectors/envelopes.json is reproduced byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
  try {
    const made = join(folder, 'envelopes.json');
    execFileSync(process.execPath, [join(root, 'scripts/make-vectors.mjs'), made]);
    expect(readFileSync(made, 'utf8')).toBe(readFileSync(join(root, 'test/vectors/envelopes.json'), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
