/**
 * The reservations that pay for a window whose plan is paid once a period: found in the ledger, or made there before
 * the first release that needs them. A plan change that leaves the terms as they are goes on with what it finds.
 */
import { periodsTouched } from '../plan/budget-period.js';
import { limitsOfShare } from './budget-limits.js';
import type { BudgetRefusal } from './budget-decision.js';
import { formatCost, formatLimit } from './ledger-amounts.js';
import type { LimitText, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';
import type { ReleaseLedger } from './ledger-record.js';
import type { ReservedPeriodDraft } from './ledger-state.js';
import { reservationIdOf, type PeriodTerms } from './period-terms.js';
import type { PlanTerms } from './plan-terms.js';
import type { Share } from './release-kind.js';
import type { AdmittedWindow } from './release-policy.js';

export interface Payment {
  readonly payment: ReservedBody['payment'];
  /** Of those made or tried now, the first that did not fit. */
  readonly refusal: BudgetRefusal | undefined;
}

/** Appends what is missing. `at`: Unix seconds. */
export function reservePeriods(
  ledger: ReleaseLedger,
  { terms, start, end }: Pick<AdmittedWindow, 'terms' | 'start' | 'end'>,
  share: Share,
  at: number,
): Payment {
  const { period } = terms;
  if (period === undefined) throw new Error('nothing of this plan is paid once a period');
  const drafts = periodsTouched(terms.plan.plan.privacy.period, start, end).map((periodStart) =>
    reservationDraft(terms, period, { periodStart, share, at }),
  );
  const refusals = drafts.map((draft) => reserveOnce(ledger, draft));
  return {
    payment: {
      by: 'period',
      plan: terms.plan.plan.name,
      terms: period.hash,
      reservations: drafts.map(({ reservationId }) => reservationId),
    },
    refusal: refusals.find((refusal) => refusal !== undefined),
  };
}

function reserveOnce(ledger: ReleaseLedger, draft: ReservedPeriodDraft): BudgetRefusal | undefined {
  const earlier = ledger.state.reservations.find(draft.reservationId);
  if (earlier !== undefined && isSettled(earlier, draft.limits)) return undefined;
  const { decision, refusal } = ledger.state.decidePeriod(draft);
  ledger.append([{ ...draft, decision }]);
  return refusal;
}

/** What was refused stays refused as long as the limits are the same: spending only grows. */
function isSettled({ decision, limits }: ReservedPeriodBody, now: readonly LimitText[]): boolean {
  return decision === 'granted' || JSON.stringify(limits) === JSON.stringify(now);
}

/** The reservation that a plan has of one period, under its limits. `at`: Unix seconds. */
export function reservationDraft(
  { plan: { plan }, budget }: Pick<PlanTerms, 'plan' | 'budget'>,
  { hash: terms, cost, reports }: PeriodTerms,
  { periodStart, share, at }: { readonly periodStart: number; readonly share: Share; readonly at: number },
): ReservedPeriodDraft {
  const { domain, unit, period, bounds } = plan.privacy;
  return {
    state: 'RESERVED_PERIOD',
    at,
    reservationId: reservationIdOf({ domain, plan: plan.name, period, periodStart, terms }),
    plan: plan.name,
    terms,
    domain,
    unit,
    period,
    periodStart,
    share,
    ...(bounds && {
      bounds: {
        visits: bounds.visits,
        visitsPerWindow: bounds.visitsPerWindow ?? bounds.visits,
        processes: bounds.processes ?? 1,
      },
    }),
    reports: reports.map((parts) => parts.map((part) => ({ ...part, cost: formatCost(part.cost) }))),
    cost: formatCost(cost),
    limits: limitsOfShare(budget, share).map(formatLimit),
  };
}
