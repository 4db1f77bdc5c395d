// @ts-check
/** Fails where a benchmark's name is missing, a peer was absent, or a ratio fell far below what it is. Never a time. */
import { readFileSync } from 'node:fs';

/** @typedef {{ name: string, median: number, bits: number, kernel?: string, ratio?: number }} Result */

const SIZES = [2048, 3072];
const PER_KERNEL = [
  'seal.flag.sustained',
  'seal.category8.sustained',
  'verify.flag.batch256',
  'verify.category8.batch256',
  'coalesce.flush.category8.1023',
];
const PER_SIZE = [
  ...['unit', 'seal.flag.hot', 'decrypt', 'add', 'coalesce.flush.category8.1023.thread'],
  ...['encrypt', 'decrypt', 'add'].map((name) => `python-paillier.${name}`),
  ...['pool', 'verify'].flatMap((task) => [`memory.${task}.worker.heap`, `memory.${task}.worker.tables`]),
  ...['flag', 'flag3', 'category8', 'histogram16', 'sum100k', 'product', 'category8.1023'].map(
    (kind) => `wire.${kind}.bytes`,
  ),
];
const ONCE = [
  ...['coalesce.count', 'processor.untouched', 'receiver.envelopes', 'noise.draw', 'ledger.charge'],
  ...['noise.draw.laplace.10', 'noise.draw.laplace.10.p999'],
  ...['count', 'sum10', 'histogram8', 'histogram16'].flatMap((kind) =>
    ['shard', 'verify', 'bytes'].map((figure) => `prio3.${kind}.${figure}`),
  ),
];
/** Far below what is measured (in brackets), so that only a real loss trips them. */
const FLOORS = [
  { name: 'seal.flag.hot', ratio: 250 }, // 1900: paillier-bigint encrypts
  { name: 'decrypt', ratio: 3 }, // 14
  { name: 'add', ratio: 0.4 }, // 1
  { name: 'verify.flag.batch256', ratio: 2.5 }, // 8: one by one
  { name: 'verify.category8.batch256', ratio: 2 }, // 5.5
];

const { results } = /** @type {{ results: Result[] }} */ (JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const has = (/** @type {string} */ name, /** @type {number} */ bits, /** @type {string | undefined} */ kernel) =>
  results.some((one) => one.name === name && one.bits === bits && (kernel === undefined || one.kernel === kernel));
const missing = [
  ...ONCE.filter((name) => !has(name, 0, undefined) && !has(name, 2048, undefined)),
  ...SIZES.flatMap((bits) => [
    ...PER_SIZE.filter((name) => !has(name, bits, undefined)).map((name) => `${name} at ${String(bits)}`),
    ...['bigint', 'wasm'].flatMap((kernel) =>
      PER_KERNEL.filter((name) => !has(name, bits, kernel)).map((name) => `${name} at ${String(bits)} on ${kernel}`),
    ),
  ]),
  ...(results.some(({ name }) => name.startsWith('ledger.open.')) ? [] : ['ledger.open.*']),
];
const invalid = results.filter(({ median }) => !(Number.isFinite(median) && median > 0)).map(({ name }) => name);
const slow = FLOORS.flatMap(({ name, ratio }) =>
  results
    .filter((one) => one.name === name && !((one.ratio ?? 0) >= ratio))
    .map((one) => `${name} at ${String(one.bits)}: ${String(one.ratio)} times, floor ${String(ratio)}`),
);
for (const name of missing) process.stdout.write(`ABSENT  ${name}\n`);
for (const name of invalid) process.stdout.write(`INVALID ${name}\n`);
for (const text of slow) process.stdout.write(`SLOW    ${text}\n`);
const faults = missing.length + invalid.length + slow.length;
process.stdout.write(`${String(results.length)} figures, ${String(faults)} faults\n`);
process.exit(faults === 0 ? 0 : 1);
