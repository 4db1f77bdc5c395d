import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tally } from '../../processor/tally.js';
import type { CountedValue } from '../../processor/value-classifier.js';
import { planOf } from '../support/plans.js';

describe('a tally', () => {
  const values = ['a', 'b', 'c'];
  const plan = planOf([{ name: 'plan', attribute: 'plan', kind: 'category', values, epsilon: '1' }]);
  const [measurement] = plan.reports[0]!.measurements;

  it('adds up every value, known ahead or not', () => {
    const increments = fc.tuple(...values.map(() => fc.bigInt(0n, 2n ** 70n)));
    const value = fc.record({ known: fc.option(fc.nat(4), { nil: undefined }), increments });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 30 }), (met) => {
        // A known position always stands for the same value.
        const known = new Map<number, CountedValue>();
        const tally = new Tally(measurement!);
        const expected = values.map(() => 0n);
        for (const one of met) {
          const counted: CountedValue =
            one.known === undefined
              ? { outcome: 'measured', increments: one.increments }
              : (known.get(one.known) ?? { outcome: 'measured', increments: one.increments, known: one.known });
          if (counted.known !== undefined) known.set(counted.known, counted);
          tally.add(counted);
          counted.increments.forEach((increment, slot) => (expected[slot]! += increment));
        }
        expect(tally.totals()).toEqual(expected);
        expect(tally.totals()).toEqual(expected);
      }),
    );
  });
});
