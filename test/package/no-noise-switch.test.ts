/**
 * The end-to-end test runs a key holder without noise by replacing a module while it is loaded. What is published has
 * nothing that does the same: no such file, no option, no environment variable.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

function packedFiles(): string[] {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [packed] = JSON.parse(output) as { files: { path: string }[] }[];
  return (packed?.files ?? []).map(({ path }) => path);
}

const files = packedFiles();
const code = files.filter((path) => path.endsWith('.js')).map((path) => [path, readFileSync(join(root, path), 'utf8')]);

describe('the package that is published', () => {
  it('holds nothing of the end-to-end test or any other', () => {
    expect(files).toContain('dist/src/privacy/noise-pool.js');
    expect(existsSync(join(root, 'e2e/zero-noise/register.mjs'))).toBe(true);
    expect(files.filter((path) => /e2e|zero|(^|\/)tests?\//.test(path))).toEqual([]);
  });
  it('names no file of the replacement, and registers no module hooks', () => {
    const replacement = readdirSync(join(root, 'e2e/zero-noise'));
    expect(replacement.length).toBeGreaterThan(0);
    const suspicious = /zero-?noise|node:module['"]|module\.register|createRequire/i;
    expect(code.length).toBeGreaterThan(100);
    expect(code.filter(([, text]) => suspicious.test(text ?? '')).map(([path]) => path)).toEqual([]);
  });
  it('reads no environment variable in the key holder and what it is made of', () => {
    const readers = code.filter(([, text]) => text?.includes('process.env')).map(([path]) => path);
    expect(readers).toContain('dist/src/cli/passphrase.js');
    expect(readers.filter((path) => !/^dist\/(src\/cli|processor)\//.test(path ?? ''))).toEqual([]);
    expect(readers).not.toContain('dist/src/cli/keyholder-command.js');
  });
  it('takes no option of the key holder that has to do with noise', () => {
    const help = execFileSync(process.execPath, [join(root, 'dist/src/cli/main.js'), 'keyholder', '--help'], {
      encoding: 'utf8',
    });
    expect(help).toContain('--data');
    expect(help).not.toMatch(/nois|random|seed|mechanism|epsilon/i);
  });
});
