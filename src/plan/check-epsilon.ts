/** What one release may cost: enough that its noise fits a slot, and so little that it still protects. */
import { approximate, parseRational } from '../math/rational.js';
import type { PlanIssue } from './plan-issue.js';

const MAX_RELEASE_EPSILON = 10;
const MIN_RELEASE_EPSILON = 1e-6;

/** `epsilon`: a decimal string. */
export function checkEpsilon(path: string, epsilon: string): PlanIssue[] {
  const value = approximate(parseRational(epsilon));
  if (value < MIN_RELEASE_EPSILON) {
    return [{ path, message: 'is below 0.000001: the noise would not fit its slot, raise it' }];
  }
  return value > MAX_RELEASE_EPSILON ? [{ path, message: 'is above 10: that protects nobody, lower it' }] : [];
}
