// @ts-check
/** Fails where a benchmark's name is missing or its ratio to a peer of the same run fell below its floor. */
import { readFileSync } from 'node:fs';

/** Floors are ratios and loose absolute bounds: far from what is measured, so that only a real loss trips them. */
const FLOORS = [
  { name: 'seal.flag.hot', ratio: 250 },
  { name: 'processor.untouched', below: 20 },
  { name: 'verify.flag' },
  { name: 'noise.draw', above: 10_000 },
  { name: 'receiver.envelopes', above: 5 },
];

const { results } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
let missed = 0;
for (const { name, ratio, below, above } of FLOORS) {
  const result = results.find((/** @type {{ name: string }} */ entry) => entry.name === name);
  const good =
    result !== undefined &&
    (ratio === undefined || result.ratio >= ratio) &&
    (below === undefined || result.median <= below) &&
    (above === undefined || result.median >= above);
  if (!good) missed += 1;
  process.stdout.write(
    `${good ? 'ok    ' : 'MISSED'} ${name} ${result ? `${result.median} ${result.unit} x${result.ratio ?? '-'}` : 'absent'}\n`,
  );
}
process.exit(missed === 0 ? 0 : 1);
