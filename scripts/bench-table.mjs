// @ts-check
/** Prints the figures of a benchmark's JSON as a Markdown table, to paste into docs/PERFORMANCE.md. */
import { readFileSync } from 'node:fs';

/** @typedef {import('../bench/harness.mjs').Result} Result */

/** @type {{ machine: { node: string, cpu: string, cores: number }, absent: string[], results: Result[] }} */
const { machine, absent, results } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const rows = [...new Set(results.map(({ name, kernel }) => `${name}\n${kernel ?? ''}`))].map((row) => row.split('\n'));
const lines = [
  `Node ${machine.node}, ${machine.cpu}, ${String(machine.cores)} cores. Absent: ${absent.join(', ') || 'none'}.`,
  '',
  '| name | arithmetic | 2048 bits, or no key | 3072 bits | peer, same run |',
  '| --- | --- | --- | --- | --- |',
  ...rows.map(([name = '', kernel = '']) => {
    const at = (/** @type {number[]} */ sizes) =>
      results.find((one) => one.name === name && (one.kernel ?? '') === kernel && sizes.includes(one.bits));
    const [small, large] = [at([0, 2048]), at([3072])];
    const peers = [small, large].flatMap((one) => (one?.peer ? [`${one.peer.name} ${String(one.peer.median)}`] : []));
    return `| \`${name}\` | ${kernel} | ${shown(small)} | ${shown(large)} | ${peers.join(' / ')} |`;
  }),
];
process.stdout.write(`${lines.join('\n')}\n`);

/** @param {Result | undefined} result */
function shown(result) {
  if (result === undefined) return '';
  const units = result.units === undefined ? '' : ` (${String(result.units)} U)`;
  return `${String(result.median)} ${result.unit}${units}`;
}
