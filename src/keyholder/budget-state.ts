/** The state of a domain's budget, as every answer carries it: in the period that the asking plan declares. */
import { ZERO } from '../math/rational.js';
import { periodStartOf } from '../plan/budget-period.js';
import type { BudgetState } from '../wire/release.js';
import { amountIn, leftOf } from './budget-measure.js';
import { budgetParts } from './budget-parts.js';
import { textOfLeft, textOfSpent } from './budget-text.js';
import type { PeriodLimit } from './ledger-amounts.js';
import type { ReleaseLedger } from './ledger-record.js';
import type { AdmittedWindow } from './release-policy.js';

/** With an answer that names no known window, so no domain. */
export const NO_BUDGET: BudgetState = {
  domain: '',
  periodStart: 0,
  measure: 'epsilon',
  limit: '0',
  consumed: '0',
  remaining: '0',
};

/** Of the share that pays for windows where the budget is divided. Where nothing has an epsilon, all is consumed. */
export function budgetState({ terms, start }: AdmittedWindow, ledger: ReleaseLedger): BudgetState {
  const { domain, period, delta = '0' } = terms.plan.plan.privacy;
  const { measure, limits } = terms.budget;
  const limit = limits.filter((each) => each.period === period).sort(streamsFirst)[0];
  const periodStart = periodStartOf(period, start);
  const cost = ledger.state.accounts.spent(domain, limit?.share, period, periodStart);
  const spent = amountIn(measure, cost);
  const most = limit?.most ?? ZERO;
  return {
    domain,
    periodStart,
    measure,
    limit: textOfLeft(most),
    consumed: textOfSpent(spent.value ?? most),
    remaining: textOfLeft(limit === undefined ? ZERO : leftOf(limit, spent)),
    ...(limit === undefined ? {} : { parts: budgetParts(measure, limit, cost, delta) }),
  };
}

function streamsFirst(a: PeriodLimit, b: PeriodLimit): number {
  const rank = ({ share }: PeriodLimit): number => (share === 'streams' ? 0 : share === undefined ? 1 : 2);
  return rank(a) - rank(b);
}
