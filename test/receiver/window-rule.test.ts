import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCK_AHEAD_SECONDS, earliestOpenWindow, judgeWindow } from '../../src/receiver/window-rule.js';
import { testPlan } from '../support/plans.js';

const { plan } = testPlan();
const { seconds, graceSeconds } = plan.window;

describe('a window', () => {
  test('is open from the clock tolerance before its start to the end of its grace', () => {
    const start = 1_800_000_000;
    const end = start + seconds + graceSeconds;
    expect(judgeWindow(plan, start, start - CLOCK_AHEAD_SECONDS - 0.001)).toBe('too_early');
    expect(judgeWindow(plan, start, start - CLOCK_AHEAD_SECONDS)).toBeUndefined();
    expect(judgeWindow(plan, start, end - 0.001)).toBeUndefined();
    expect(judgeWindow(plan, start, end)).toBe('late');
  });

  test('is the earliest open one exactly when the one before it is late', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), (now) => {
        const earliest = earliestOpenWindow(plan, now);
        expect(judgeWindow(plan, earliest, now)).toBeUndefined();
        expect(judgeWindow(plan, earliest - seconds, now)).toBe('late');
      }),
    );
  });
});
