// @ts-check
/** Reads the demo's machine-readable result and fails unless it shows what it promises. */
import { readFileSync } from 'node:fs';

const result = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
/** @type {string[]} */
const faults = [];
const demand = (/** @type {boolean} */ holds, /** @type {string} */ fault) => {
  if (!holds) faults.push(fault);
};

demand(result.plaintextLeaks === 0, `${result.plaintextLeaks} sensitive values left the application`);
demand(result.bytesScanned > 100_000, `only ${result.bytesScanned} bytes were scanned`);
demand(result.accepted > 100, `only ${result.accepted} contributions were accepted`);
const rejected = Object.entries(result.rejected).filter(([, count]) => count !== 0);
demand(rejected.length === 0, `rejected: ${JSON.stringify(rejected)}`);
demand(result.released.length > 0, 'nothing was released');
demand(new Set(result.released.map((/** @type {any} */ row) => row.windowStart)).size >= 4, 'fewer than four windows');
demand(Number(result.budget.consumed) > 0, 'the budget was not charged');
for (const row of result.released) {
  const distance = Math.abs(row.value - row.truth);
  demand(distance <= 12 * row.stddev, `${row.series} is ${distance} from the truth, noise is ${row.stddev}`);
}
for (const fault of faults) process.stderr.write(`demo: ${fault}\n`);
process.stdout.write(faults.length === 0 ? `demo: ${result.released.length} values released, no leak\n` : '');
process.exit(faults.length === 0 ? 0 : 1);
