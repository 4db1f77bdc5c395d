// @ts-check
/**
 * `npm run bench -- [--json FILE] [--only NAME]`: medians, every peer measured in the same run. Progress goes to standard
 * error, a table or the JSON's path to standard output.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { coalescing } from './coalescing.mjs';
import { rounded } from './harness.mjs';
import { kernels } from './kernels.mjs';
import { makeKey } from './keys.mjs';
import { ledger } from './ledger.mjs';
import { noise } from './noise.mjs';
import { receiving } from './receiving.mjs';
import { sealing } from './sealing.mjs';

const { values: options } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } });

/** @type {[name: string, run: () => import('./harness.mjs').Result[] | Promise<import('./harness.mjs').Result[]>][]} */
const suites = [
  ['noise', noise],
  ['ledger', ledger],
  ['sealing at 2048 bits', () => sealing(makeKey(2048))],
  ['sealing at 3072 bits', () => sealing(makeKey(3072))],
  ['kernels', kernels],
  ['processor', coalescing],
  ['receiver', receiving],
];

/** @type {import('./harness.mjs').Result[]} */
const results = [];
for (const [name, run] of suites) {
  if (options.only !== undefined && !name.includes(options.only)) continue;
  process.stderr.write(`bench: ${name} ...\n`);
  results.push(...(await run()));
}
for (const result of results) {
  result.median = rounded(result.median);
  if (result.ratio !== undefined) result.ratio = rounded(result.ratio);
  if (result.units !== undefined) result.units = rounded(result.units);
  if (result.peer !== undefined) result.peer.median = rounded(result.peer.median);
}
const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
if (options.json === undefined) {
  console.table(
    results.map(({ peer, ...result }) => ({ ...result, peer: peer && `${peer.name} ${String(peer.median)}` })),
  );
} else {
  writeFileSync(options.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
  process.stdout.write(`${options.json}\n`);
}
