import { expect, test } from 'vitest';
import { periodStartOf } from '../../src/keyholder/budget-period.js';

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
