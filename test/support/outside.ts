/** Programs that tests need and npm does not bring: loudly skipped on a user's machine, demanded in CI. */
import { execFileSync } from 'node:child_process';
import { describe } from 'vitest';

/** A Python that imports the module: PAILLIER_PYTHON, else python3. `undefined` where there is none. */
export function pythonWith(module: string): string | undefined {
  const python = process.env['PAILLIER_PYTHON'] ?? 'python3';
  try {
    execFileSync(python, ['-c', `import ${module}`], { stdio: 'ignore' });
    return python;
  } catch {
    return undefined;
  }
}

/**
 * `describe`, skipped with its reason in the name where an outside program is missing: a user need not install it to
 * run the tests. In CI nothing is skipped: the tests run, and fail for want of it.
 */
export function describeWith(name: string, missing: string | undefined, body: () => void): void {
  if (missing === undefined || process.env['CI'] === 'true') describe(name, body);
  else describe.skip(`${name} [SKIPPED: ${missing}]`, body);
}
