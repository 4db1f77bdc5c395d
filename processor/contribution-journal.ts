/**
 * What a contribution file says, line by line: when it began, which periods are open, and how much of each counter is
 * reserved, the latest last. Names of counters are keyed hashes of subjects; the key of a period stands beside them
 * until both are deleted with it.
 */
import { fromBase64Url, toBase64Url } from '../src/bytes.js';
import { TelemetryKitError } from '../src/errors.js';
import type { BudgetPeriod } from './contribution-store.js';

export interface CountedPeriod extends BudgetPeriod {
  readonly key: Uint8Array;
  /** Reserved so far, by counter. */
  readonly used: Map<string, number>;
}

export interface CountedContributions {
  /** Unix seconds: what was counted in periods that started before may be lost. */
  readonly began: number;
  readonly periods: readonly CountedPeriod[];
}

const FORMAT = 1;

interface Heading {
  readonly format: number;
  readonly began: number;
}

type Line = Heading | [kind: BudgetPeriod['kind'], start: number, what: string | Record<string, number>];

export function encodeContributions({ began, periods }: CountedContributions): Buffer {
  const heading: Heading = { format: FORMAT, began };
  const lines: Line[] = [heading];
  for (const { kind, start, key, used } of periods) {
    lines.push([kind, start, toBase64Url(key)], [kind, start, Object.fromEntries(used)]);
  }
  return encodeLines(lines);
}

/** `used`: the new counts of some counters. */
export function encodeUse({ kind, start }: BudgetPeriod, used: ReadonlyMap<string, number>): Buffer {
  return encodeLines([[kind, start, Object.fromEntries(used)]]);
}

/** Of bytes that are what was written. Throws `storage` where another version wrote them. */
export function decodeContributions(bytes: Buffer): CountedContributions {
  const [heading, ...lines] = bytes
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
  if (heading === undefined || Array.isArray(heading) || heading.format !== FORMAT) {
    throw new TelemetryKitError('storage', 'the contribution file is of another version', {
      fix: 'run the version of telemetry-kit that wrote it, or a newer one',
    });
  }
  const periods: CountedPeriod[] = [];
  for (const line of lines) {
    if (!Array.isArray(line)) continue;
    const [kind, start, what] = line;
    if (typeof what === 'string') {
      periods.push({ kind, start, key: fromBase64Url(what) ?? new Uint8Array(0), used: new Map() });
    } else {
      const period = findPeriod(periods, { kind, start });
      for (const [counter, count] of Object.entries(what)) period?.used.set(counter, count);
    }
  }
  return { began: heading.began, periods };
}

export function findPeriod(
  periods: readonly CountedPeriod[],
  { kind, start }: BudgetPeriod,
): CountedPeriod | undefined {
  return periods.find((period) => period.kind === kind && period.start === start);
}

function encodeLines(lines: readonly Line[]): Buffer {
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'utf8');
}
