/** The state of a domain's budget, as every answer carries it: in the period that the asking plan declares. */
import { compareRational, formatRational, subtractRational, ZERO } from '../math/rational.js';
import type { BudgetState } from '../wire/release.js';
import { periodStartOf } from '../plan/budget-period.js';
import type { ReleaseLedger } from './ledger-record.js';
import type { AdmittedWindow } from './release-policy.js';

/** With an answer that names no known window, so no domain. */
export const NO_BUDGET: BudgetState = { domain: '', periodStart: 0, limit: '0', consumed: '0', remaining: '0' };

export function budgetState({ plan, start, limits }: AdmittedWindow, ledger: ReleaseLedger): BudgetState {
  const { domain, period } = plan.plan.privacy;
  const periodStart = periodStartOf(period, start);
  const limit = limits.find((each) => each.period === period)?.limit ?? ZERO;
  const consumed = ledger.spent(domain, period, periodStart);
  const remaining = compareRational(consumed, limit) < 0 ? subtractRational(limit, consumed) : ZERO;
  return {
    domain,
    periodStart,
    limit: formatRational(limit),
    consumed: formatRational(consumed),
    remaining: formatRational(remaining),
  };
}
