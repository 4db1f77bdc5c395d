/** Compares what was sent with what was counted. */
import { byWindow } from './by-window.js';
import { LABELS, OWN, SHARED } from './plan.js';
import type { Sent } from './load.js';
import { cellName, type WindowTotals } from './release-tap.js';

export interface Checked {
  readonly windows: number;
  readonly acknowledged: number;
  /** Refused for good because their window was over, and whether they were counted although their answer was lost. */
  readonly late: number;
  readonly counted: number;
  /** In words. */
  readonly faults: readonly string[];
}

/** Every window of which something was acknowledged must have totals. */
export function checkTotals(
  sent: readonly Sent[],
  totalsOf: (windowStart: number) => WindowTotals | undefined,
): Checked {
  const faults: string[] = [];
  const windows = byWindow(sent, ({ windowStart }) => windowStart);
  let counted = 0;
  for (const [windowStart, contributions] of windows) {
    const totals = totalsOf(windowStart);
    if (totals === undefined) {
      if (contributions.some(({ outcome }) => outcome === 'acknowledged')) {
        faults.push(`window ${String(windowStart)} was never released`);
      }
      continue;
    }
    counted += checkWindow(windowStart, contributions, totals, faults);
  }
  const acknowledged = sent.filter(({ outcome }) => outcome === 'acknowledged').length;
  return { windows: windows.size, acknowledged, late: sent.length - acknowledged, counted, faults };
}

/** Returns how many contributions were counted. */
function checkWindow(
  windowStart: number,
  contributions: readonly Sent[],
  totals: WindowTotals,
  faults: string[],
): number {
  const expected = new Map(contributions.map((each) => [`${String(each.label)} ${String(each.bucket)}`, each]));
  let all = 0;
  for (let label = 0; label < LABELS; label += 1) {
    const own = totals.get(cellName(OWN, label)) ?? [];
    const [shared = 0n] = totals.get(cellName(SHARED, label)) ?? [];
    const sum = own.reduce((total, count) => total + count, 0n);
    all += Number(sum);
    const where = `window ${String(windowStart)}, label ${String(label)}`;
    if (sum !== shared) faults.push(`${where}: ${String(sum)} in own buckets, ${String(shared)} in the shared one`);
    for (const [bucket, count] of own.entries()) {
      const contribution = expected.get(`${String(label)} ${String(bucket)}`);
      if (!isRight(contribution, count)) {
        faults.push(`${where}, bucket ${String(bucket)}: ${String(count)}, sent: ${describe(contribution)}`);
      }
    }
  }
  return all;
}

function isRight(contribution: Sent | undefined, count: bigint): boolean {
  if (contribution === undefined) return count === 0n;
  if (contribution.outcome === 'acknowledged') return count === 1n;
  return count === 0n || (count === 1n && contribution.uncertain);
}

function describe(contribution: Sent | undefined): string {
  if (contribution === undefined) return 'nothing';
  return contribution.uncertain ? `${contribution.outcome}, an answer was lost` : contribution.outcome;
}
