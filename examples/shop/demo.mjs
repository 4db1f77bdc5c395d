// @ts-check
/**
 * `npm run demo`: from nothing to private metrics with real parts, in five steps.
 *   --json   one JSON object on standard output at the end; progress stays on standard error
 *   --serve  keeps running after the four windows and shows each new one until Ctrl-C
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Cleanup } from './demo/cleanup.mjs';
import { Interrupted, INTERRUPTED, interruptSignal } from './demo/interrupt.mjs';
import { closingWords, faultsOf } from './demo/report.mjs';
import { runDemo } from './demo/run-demo.mjs';

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, serve: { type: 'boolean' } } });
if (options.json === true && options.serve === true) {
  process.stderr.write('--serve has no end, so no result for --json: use one of the two\n');
  process.exit(2);
}
const print = (/** @type {string} */ line) => {
  (options.json === true ? process.stderr : process.stdout).write(`${line}\n`);
};
const signal = interruptSignal();
const cleanup = new Cleanup();

try {
  const result = await runDemo({ signal, cleanup, serve: options.serve === true, print });
  const faults = faultsOf(result);
  print(closingWords(result));
  for (const fault of faults) process.stderr.write(`fault: ${fault}\n`);
  if (options.json === true) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} catch (error) {
  process.exitCode = signal.aborted ? INTERRUPTED : 1;
  if (!signal.aborted) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  await cleanup.run();
  if (signal.reason instanceof Interrupted) process.stderr.write('interrupted; nothing is left behind\n');
}
process.exit();
