import { describe, expect, test } from 'vitest';
import { CLOCK_AHEAD_SECONDS, judgeWindow } from '../../src/receiver/window-rule.js';
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
});
