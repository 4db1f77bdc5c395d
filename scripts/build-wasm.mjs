// @ts-check
/**
 * Compiles assembly/ to WebAssembly and embeds it in src/math/wasm-code.generated.ts, so that it needs no file at
 * run time. Does nothing where the embedded code was made from the same sources by the same compiler.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(import.meta.url);
const root = join(dirname(script), '..');
const sources = join(root, 'assembly');
const target = join(root, 'src', 'math', 'wasm-code.generated.ts');
const require = createRequire(import.meta.url);
const compiler = require.resolve('assemblyscript/package.json');
const OPTIONS = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory'],
  ...['--enable', 'simd', '--enable', 'relaxed-simd'],
];

/** Everything the result depends on. */
function fingerprint() {
  const hash = createHash('sha256');
  const sourcePaths = readdirSync(sources)
    .sort()
    .map((name) => join(sources, name));
  for (const path of [compiler, script, ...sourcePaths]) hash.update(JSON.stringify(readFileSync(path, 'utf8')));
  return hash.digest('hex');
}

function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-wasm-'));
  try {
    const binary = join(folder, 'code.wasm');
    const main = join(dirname(compiler), 'bin', 'asc.js');
    const options = [join('assembly', 'index.ts'), '--outFile', binary, ...OPTIONS];
    execFileSync(process.execPath, [main, ...options], { cwd: root, stdio: 'inherit' });
    return readFileSync(binary);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const stamp = fingerprint();
if (!existsSync(target) || !readFileSync(target, 'utf8').includes(stamp)) {
  const lines = [
    '/**',
    ' * Generated from assembly/ by scripts/build-wasm.mjs: the compiled module in base64url.',
    ` * Sources and compiler: SHA-256 ${stamp}`,
    ' */',
    `export const WASM_CODE =\n  '${compile().toString('base64url')}';`,
    '',
  ];
  writeFileSync(target, lines.join('\n'));
}
