// @ts-check
/**
 * `npm run bench -- [--json FILE] [--only NAME]`: medians, every peer measured in the same run. Progress goes to standard
 * error, a table or the JSON's path to standard output. Peers that npm does not bring: PAILLIER_PYTHON and PRIO3_MODULES
 * (docs/PERFORMANCE.md).
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { coalescing } from './coalescing.mjs';
import { counting } from './counting.mjs';
import { rounded } from './harness.mjs';
import { kernels } from './kernels.mjs';
import { makeKey } from './keys.mjs';
import { ledger } from './ledger.mjs';
import { memory } from './memory.mjs';
import { noise } from './noise.mjs';
import { prio3 } from './prio3.mjs';
import { pythonPaillier } from './python-paillier.mjs';
import { receiving } from './receiving.mjs';
import { sealing } from './sealing.mjs';
import { wire } from './wire.mjs';

const { values: options } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } });

/** @type {[name: string, run: () => import('./harness.mjs').Result[] | Promise<import('./harness.mjs').Result[]>][]} */
const suites = [
  ['noise', noise],
  ['ledger', ledger],
  ['sealing at 2048 bits', () => sealing(makeKey(2048))],
  ['sealing at 3072 bits', () => sealing(makeKey(3072))],
  ['kernels', kernels],
  ['processor', counting],
  ['coalesced flush', coalescing],
  ['bytes on the wire', wire],
  ['memory of workers', memory],
  ['receiver', receiving],
  ['python-paillier', pythonPaillier],
  ['Prio3', prio3],
];

/** @type {import('./harness.mjs').Result[]} */
const results = [];
/** Peers that this machine does not have. @type {string[]} */
const absent = [];
for (const [name, run] of suites) {
  if (options.only !== undefined && !name.includes(options.only)) continue;
  process.stderr.write(`bench: ${name} ...\n`);
  const measured = await run();
  if (measured.length === 0) absent.push(name);
  results.push(...measured);
}
for (const name of absent)
  process.stderr.write(`bench: PEER ABSENT, NOT MEASURED: ${name} (docs/PERFORMANCE.md says how)\n`);
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
  writeFileSync(options.json, `${JSON.stringify({ machine, absent, results }, undefined, 2)}\n`);
  process.stdout.write(`${options.json}\n`);
}
