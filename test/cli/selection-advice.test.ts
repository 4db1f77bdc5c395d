import { expect, test } from 'vitest';
import { selectionAdvice } from '../../src/cli/selection-advice.js';
import { openPlan } from '../support/open-plans.js';
import { testPlan } from '../support/plans.js';

test('a plan with an open label says from how many subjects on a key is published', () => {
  expect(selectionAdvice(openPlan())).toEqual([
    {
      path: 'reports[0].selectionEpsilon',
      message: 'publishes a key whose noised number of subjects in one hour is at least 17',
    },
  ]);
  expect(selectionAdvice(testPlan())).toEqual([]);
});
