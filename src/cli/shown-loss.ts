/**
 * Epsilons for people are rounded up: rounded to nearest, half of them would promise more than holds. What is above the
 * last digit by less than the accountant's own margin counts as that digit, so that 0.99 is shown as 0.99.
 */
import { roundedUp } from '../math/doubles.js';
import { approximate } from '../math/rational.js';

/** The accountant's sums are larger than the truth by one part in 10^10. */
const MARGIN = 2e-10;

/** Next greater number of so many significant digits. `value` is not negative and finite. */
export function roundedUpTo(value: number, digits: number): number {
  return value === 0 ? 0 : approximate(roundedUp(value * (1 - MARGIN), digits));
}
