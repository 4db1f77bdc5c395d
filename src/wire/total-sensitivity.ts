/**
 * How far one unit of privacy moves the running totals of a period. Released is C~ x + noise, C~ the integer
 * square-root matrix over the windows of the period; the cost of all releases together is rho = S / (2 variance),
 * where S is the largest ||C~ u||^2 over what one unit can add: u_w >= 0 in window w, at most v in one window and V in
 * all (the plan's bounds, times what one span adds). Users may react to what was published: the matrix is lower
 * triangular, so the releases are a sequence of adaptively chosen ones whose rho adds up to no more than that.
 *
 * S is reached where the first windows hold v each and the next one the rest of V:
 * - ||C~ u||^2 = sum over a, b of u_a u_b g(a, b) with g(a, b) the inner product of columns a and b, for a <= b the sum
 *   over m < T - b of c_m c_(m + b - a). Coefficients are positive and do not increase, so g >= 0 and g does not grow
 *   where b - a grows, or where b grows and b - a stays.
 * - A convex function is largest at a corner of the set of all u: windows with v, one with the rest r = V mod v.
 * - Moved together and to the front, no distance and no position grows: the windows are 0, 1, ..., k - 1.
 * - With r in window p of these, the form is v^2 sum g - (v - r) (2 v sum over j <> p of g(p, j) + (v + r) g(p, p)).
 *   Sorted, the distances from k - 1 to the others are no smaller than those from p, and no pair with k - 1 lies
 *   earlier: what is subtracted is least for p = k - 1.
 * - Spans of one unit in several slots or cells: g >= 0, so ||C~ u'||^2 + ||C~ u''||^2 <= ||C~ (u' + u'')||^2.
 */
import { windowsPerPeriod } from '../plan/budget-period.js';
import { touchedWindows, type ContributionTerms } from '../plan/sensitivity.js';
import { squareRootCoefficients } from '../privacy/continual/square-root-coefficients.js';

/** By what it depends on. */
const known = new Map<string, bigint>();

/** S where one span adds 1. The windows must divide the period. */
export function totalSensitivity(terms: ContributionTerms): bigint {
  const windows = windowsPerPeriod(terms);
  const spans = touchedWindows(terms.privacy);
  const key = `${String(windows)} ${spans.join(' ')}`;
  const squared = known.get(key) ?? worstCase(windows, spans);
  known.set(key, squared);
  return squared;
}

/** ||C~ u||^2 for spans in the first windows. Numbers hold it: a change is at most 1440 spans at 2^8 each. */
function worstCase(windows: number, spans: readonly number[]): bigint {
  const coefficients = squareRootCoefficients(windows).map(Number);
  return coefficients.reduce((sum, _, row) => {
    const change = spans
      .slice(0, row + 1)
      .reduce((all, count, window) => all + count * (coefficients[row - window] ?? 0), 0);
    return sum + BigInt(change) ** 2n;
  }, 0n);
}
