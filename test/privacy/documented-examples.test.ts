/**
 * The examples of docs/PRIVACY.md, as a reader would run them: compiled against the built package, run, and what they
 * print compared with what stands beside it. `for example` before a result says that it is noised: only its form is.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const root = resolve(import.meta.dirname, '../..');
const PACKAGE = 'telemetry-kit/privacy';

const document = readFileSync(join(root, 'docs/PRIVACY.md'), 'utf8');
const examples = [...document.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

/** Messages of the compiler about a module in the package's root, where the package's own name resolves. */
function faultsOf(code: string): string[] {
  const path = join(root, 'documented-example.mts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const inner = { readFile: host.readFile.bind(host), fileExists: host.fileExists.bind(host) };
  host.readFile = (file) => (file === path ? code : inner.readFile(file));
  host.fileExists = (file) => file === path || inner.fileExists(file);
  host.getSourceFile = (file, version) => {
    const text = host.readFile(file);
    return text === undefined ? undefined : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram([path], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** Every line that it prints. */
function printed(code: string): string[] {
  const built = pathToFileURL(join(root, 'dist/src/privacy/index.js')).href;
  const { outputText } = ts.transpileModule(code.replace(PACKAGE, built), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const path = join(temporaryFolder(), 'example.mjs');
  writeFileSync(path, outputText);
  return execFileSync(process.execPath, [path], { encoding: 'utf8' }).trimEnd().split('\n');
}

/** What stands beside every call that prints. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, result = '']) => result);
}

const NOISED = 'for example ';

/** Digits aside, and a sign that noise may bring. */
function form(text: string): string {
  return text.replaceAll(/-?\d+/g, '#');
}

describe('the examples in the documentation', () => {
  test('are there, and print what can be compared', () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const code of examples) {
      expect(code).toContain(`from '${PACKAGE}'`);
      expect(promised(code)).toHaveLength(code.split('console.log(').length - 1);
    }
  });

  test.each(examples.map((code, index) => [index + 1, code]))('number %i compiles', (_number, code) => {
    expect(faultsOf(code)).toEqual([]);
    // The compiler is not blind to what the package says.
    expect(faultsOf(code.replace("epsilon: '0.5'", 'epsilon: 0.5'))).not.toEqual([]);
  });

  test.each(examples.map((code, index) => [index + 1, code]))('number %i prints what it says', (_number, code) => {
    const lines = printed(code);
    const results = promised(code);
    expect(lines).toHaveLength(results.length);
    for (const [index, result] of results.entries()) {
      if (result.startsWith(NOISED)) expect(form(lines[index]!)).toBe(form(result.slice(NOISED.length)));
      else expect(lines[index]).toBe(result);
    }
  });
});
