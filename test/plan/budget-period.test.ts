import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { periodOf, periodsTouched, periodStartOf, windowsPerPeriod } from '../../src/plan/budget-period.js';
import { PERIODS, type Period } from '../../src/plan/plan.js';
import { testPlanDocument } from '../support/plans.js';

const at = (text: string): number => Date.parse(text) / 1000;

test.each([
  ['hour', '2026-11-24T14:59:59Z', '2026-11-24T14:00:00Z'],
  ['hour', '2026-11-24T15:00:00Z', '2026-11-24T15:00:00Z'],
  ['day', '2026-11-24T23:59:59Z', '2026-11-24T00:00:00Z'],
  ['day', '2026-11-25T00:00:00Z', '2026-11-25T00:00:00Z'],
  // 2026-11-23 is a Monday.
  ['week', '2026-11-23T00:00:00Z', '2026-11-23T00:00:00Z'],
  ['week', '2026-11-29T23:59:59Z', '2026-11-23T00:00:00Z'],
  ['week', '2026-11-22T23:59:59Z', '2026-11-16T00:00:00Z'],
  ['week', '1970-01-05T00:00:00Z', '1970-01-05T00:00:00Z'],
  ['week', '1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
] as const)('the %s that holds %s starts at %s', (period, moment, start) => {
  expect(periodStartOf(period, at(moment))).toBe(at(start));
});

test('a period ends where the next one starts', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PERIODS), fc.nat({ max: 2_000_000_000 }), (period, second) => {
      const { start, end } = periodOf(period, second);
      expect(start).toBe(periodStartOf(period, second));
      expect(periodStartOf(period, end - 1)).toBe(start);
      expect(periodStartOf(period, end)).toBe(end);
    }),
  );
});

test.each<[Period, number, number]>([
  ['hour', 3600, 1],
  ['day', 60, 1440],
  ['week', 86_400, 7],
])('of %s there are windows of %i seconds: %i', (period, seconds, windows) => {
  const plan = testPlanDocument();
  const document = { ...plan, window: { ...plan.window, seconds }, privacy: { ...plan.privacy, period } };
  expect(windowsPerPeriod(document)).toBe(windows);
});

describe('the periods that a window touches', () => {
  test.each<[Period, string, string, string[]]>([
    ['hour', '2024-05-06T10:00:00Z', '2024-05-06T11:00:00Z', ['2024-05-06T10:00:00Z']],
    ['hour', '2024-05-06T10:59:59Z', '2024-05-06T11:00:01Z', ['2024-05-06T10:00:00Z', '2024-05-06T11:00:00Z']],
    ['day', '2024-05-06T12:00:00Z', '2024-05-08T00:00:00Z', ['2024-05-06T00:00:00Z', '2024-05-07T00:00:00Z']],
    // 1970-01-08 is a Thursday: weeks counted from the epoch cross those from Monday.
    ['week', '1970-01-08T00:00:00Z', '1970-01-15T00:00:00Z', ['1970-01-05T00:00:00Z', '1970-01-12T00:00:00Z']],
    ['week', '1970-01-01T00:00:00Z', '1970-01-08T00:00:00Z', ['1970-01-01T00:00:00Z', '1970-01-05T00:00:00Z']],
  ])('%s of %s to %s', (period, start, end, periods) => {
    expect(periodsTouched(period, at(start), at(end))).toEqual(periods.map(at));
  });

  test('hold every second of it and no other period does', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PERIODS),
        fc.nat({ max: 2_000_000_000 }),
        fc.integer({ min: 1, max: 200_000 }),
        fc.nat(),
        (period, start, length, offset) => {
          const touched = periodsTouched(period, start, start + length);
          expect(touched).toContain(periodStartOf(period, start + (offset % length)));
          expect(touched.at(0)).toBe(periodStartOf(period, start));
          expect(touched.at(-1)).toBe(periodStartOf(period, start + length - 1));
          for (const each of touched) expect(periodStartOf(period, each)).toBe(each);
          expect(new Set(touched).size).toBe(touched.length);
        },
      ),
    );
  });
});
