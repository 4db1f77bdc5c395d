import { expect, test } from 'vitest';
import { contributionSensitivity } from '../../src/wire/release-sensitivity.js';
import { testPlan } from '../support/plans.js';

test('a flag and a category add one to one slot', () => {
  const measurements = testPlan().reports.flatMap((report) => report.measurements);
  expect(measurements.map(contributionSensitivity)).toEqual([1n, 1n]);
});

test('components add up, and within one the largest tuple counts', () => {
  const [measurement] = testPlan().reports[0]!.measurements;
  const components = [
    { arity: 1, tuples: [[0n], [3n], [1n << 48n]] },
    {
      arity: 2,
      tuples: [
        [0n, 0n],
        [2n, (1n << 96n) + 5n],
      ],
    },
  ];
  expect(contributionSensitivity({ ...measurement!, components })).toBe(11n);
});
