/**
 * When a window takes contributions: from the moment a sender whose clock is fast may have started it, to
 * the end of its grace. Both are public constants of the plan and of this file, so an answer tells nothing.
 */
import type { ReportKey, SkippedWindow } from '../aggregation/store.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { Plan } from '../plan/plan.js';

/** How far ahead of the receiver's clock a sender's may be. */
export const CLOCK_AHEAD_SECONDS = 60;

/** `undefined` where the window is open at this Unix time. */
export function judgeWindow(plan: Plan, windowStart: number, now: number): 'late' | 'too_early' | undefined {
  if (now >= windowStart + plan.window.seconds + plan.window.graceSeconds) return 'late';
  if (windowStart > now + CLOCK_AHEAD_SECONDS) return 'too_early';
  return undefined;
}

/** When a window of a report ends, and when it may be seen. */
export function windowAt({ plan }: CompiledPlan, { planHash, report }: ReportKey, windowStart: number): SkippedWindow {
  const { seconds, graceSeconds, lagSeconds } = plan.window;
  const windowEnd = windowStart + seconds;
  return { planHash, report, windowStart, windowEnd, publishAt: windowEnd + graceSeconds + lagSeconds };
}
