import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coalescer, type Flush } from '../../processor/coalescer.js';
import type { ClassifiedSpan } from '../../processor/contribution.js';
import { testPlan, testPlanDocument } from '../support/plans.js';

const label = (key: string, count: number): { key: string; values: string[]; otherwise: string } => {
  const values = Array.from({ length: count }, (_, index) => String(index));
  return { key, values, otherwise: '0' };
};
const [first] = testPlanDocument().reports;
const reports = [
  { ...first!, name: 'two', mode: 'coalesced', spanBounds: [2, 5], labels: ['three', 'two'] } as const,
  { ...first!, name: 'one', mode: 'coalesced', spanBounds: [2, 5], labels: ['two'] } as const,
];
const plan = testPlan({ labels: [label('three', 3), label('two', 2)], reports });
const resource = resourceFromAttributes({});
const measured = (increments: readonly bigint[]): ClassifiedSpan['values'][number] => ({
  outcome: 'measured',
  increments,
});

describe('coalescer', () => {
  it('adds up spans per report, window and labels, and loses none', () => {
    const span = fc.record({
      report: fc.constantFrom(...plan.reports),
      windowStart: fc.constantFrom(-60, 0, 60, 120),
      digits: fc.tuple(fc.nat(2), fc.nat(1)),
      success: fc.boolean(),
      isFlushedAfter: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 80 }), (spans) => {
        const coalescer = new Coalescer();
        const flushes: (Flush | undefined)[] = [];
        const expected = new Map<string, number>();
        for (const { report, windowStart, digits, success, isFlushedAfter } of spans) {
          const labels = report.index === 0 ? digits : [digits[1]];
          const cell = JSON.stringify([report.index, windowStart, labels]);
          expected.set(cell, (expected.get(cell) ?? 0) + 1);
          const values = [measured(success ? [1n, 0n] : [0n, 1n]), measured([0n, 0n, 0n, 1n])];
          flushes.push(coalescer.add({ report, windowStart, labels, values }, resource));
          if (isFlushedAfter) flushes.push(coalescer.takeFirst());
        }
        for (let left = coalescer.takeFirst(); left !== undefined; left = coalescer.takeFirst()) flushes.push(left);
        const counted = new Map<string, number>();
        for (const flush of flushes) {
          if (flush === undefined) continue;
          const { report, windowStart, labels, spanBound } = flush.contribution();
          expect(spanBound).toBe(flush.spans <= 2 ? 2 : 5);
          const cell = JSON.stringify([report.index, windowStart, labels]);
          counted.set(cell, (counted.get(cell) ?? 0) + flush.spans);
        }
        expect(counted).toEqual(expected);
      }),
    );
  });

  it('reports totals that do not fit their spans only where they are sealed', () => {
    const coalescer = new Coalescer();
    const [report] = plan.reports;
    const values = (count: bigint): ClassifiedSpan['values'] => [measured([count, 0n]), measured([0n, 0n, 0n, 0n])];
    coalescer.add({ report: report!, windowStart: 0, labels: [0, 0], values: values(3n) }, resource);
    coalescer.add({ report: report!, windowStart: 0, labels: [0, 1], values: values(2n) }, resource);
    const [bad, good] = [coalescer.takeFirst()!, coalescer.takeFirst()!];
    expect(() => bad.contribution()).toThrow('outside its range');
    expect(bad.spans).toBe(1);
    expect(good.contribution().labels).toEqual([0, 1]);
  });
});
