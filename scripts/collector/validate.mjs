// @ts-check
/** `npm run collector:validate`: the collector's own `validate` on every configuration of collector-config/. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { configOptions, CONFIGURATIONS } from './configurations.mjs';
import { collectorProgram } from './program.mjs';

const program = collectorProgram();
if (!existsSync(program)) {
  process.stderr.write('the collector is not built: npm run collector:build (needs Go)\n');
  process.exit(1);
}
// `validate` makes the folder of a queue.
const folder = mkdtempSync(join(tmpdir(), 'tk-collector-'));
try {
  for (const [name, files] of Object.entries(CONFIGURATIONS)) {
    const result = spawnSync(program, ['validate', ...configOptions(files)], {
      env: { ...process.env, COLLECTOR_QUEUE_FOLDER: join(folder, 'queue') },
      encoding: 'utf8',
    });
    const valid = result.status === 0;
    process.stdout.write(`${valid ? 'valid' : 'INVALID'}  ${name}: ${files.join(' + ')}\n`);
    if (valid) continue;
    process.stdout.write(result.stderr);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
