/** The campaign's judgement itself: it must see what is lost and what is counted twice. */
import { describe, expect, it } from 'vitest';
import { checkTotals } from './check-totals.js';
import type { Sent } from './load.js';
import { BUCKETS, LABELS, OWN, SHARED } from './plan.js';
import { cellName, type WindowTotals } from './release-tap.js';

const sent: Sent = { windowStart: 60, label: 2, bucket: 3, outcome: 'acknowledged', uncertain: false };

function totals(count: bigint, shared = count): WindowTotals {
  const cells = new Map<string, readonly bigint[]>();
  for (let label = 0; label < LABELS; label += 1) {
    const isSent = label === sent.label;
    const own = Array.from({ length: BUCKETS }, (_, bucket) => (isSent && bucket === sent.bucket ? count : 0n));
    cells.set(cellName(OWN, label), own);
    cells.set(cellName(SHARED, label), [isSent ? shared : 0n]);
  }
  return cells;
}

const faults = (contributions: readonly Sent[], counted?: WindowTotals): number =>
  checkTotals(contributions, () => counted).faults.length;

describe('the judgement of a campaign', () => {
  it('takes what was acknowledged exactly once', () => {
    expect([0n, 1n, 2n].map((count) => faults([sent], totals(count)))).toEqual([1, 0, 1]);
  });

  it('takes what was refused for good at most once, and only where an answer was lost', () => {
    const late: Sent = { ...sent, outcome: 'late' };
    const uncertain: Sent = { ...late, uncertain: true };
    expect([0n, 1n].map((count) => faults([late], totals(count)))).toEqual([0, 1]);
    expect([0n, 1n, 2n].map((count) => faults([uncertain], totals(count)))).toEqual([0, 0, 1]);
  });

  it('sees a shared bucket that is short, a bucket that nobody sent, a window that is missing', () => {
    expect(faults([sent], totals(1n, 0n))).toBe(1);
    expect(faults([{ ...sent, label: 1, outcome: 'late' }], totals(1n))).toBe(1);
    expect(faults([sent])).toBe(1);
  });
});
