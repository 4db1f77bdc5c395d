/**
 * Whether a debit fits every limit it is under: the decision of a release and of a period's reservation. It depends
 * on public parameters only, and a debit that does not fit consumes nothing.
 */
import { periodOf, periodsTouched } from '../plan/budget-period.js';
import type { Period } from '../plan/plan.js';
import type { Rational } from '../math/rational.js';
import type { BudgetAccounts, Debit } from './budget-accounts.js';
import { amountIn, fits, leftOf, NOTHING, type Amount } from './budget-measure.js';
import type { BudgetMeasure } from '../wire/release.js';
import type { PeriodLimit } from './ledger-amounts.js';
import type { Share } from './release-kind.js';
import type { SpanAccounts } from './span-accounts.js';

/** The first limit that a debit does not fit. */
export interface BudgetRefusal {
  readonly period: Period;
  readonly share: Share | undefined;
  readonly measure: BudgetMeasure;
  /** Unix seconds; `undefined` for a limit of every span as long as the period. */
  readonly periodStart: number | undefined;
  /** Of the measure; `undefined` where there is none. */
  readonly asked: Rational | undefined;
  readonly spent: Rational | undefined;
  readonly left: Rational;
  /** When as much will be free, Unix seconds; `undefined` if never. */
  readonly refillsAt: number | undefined;
}

export interface Spending {
  readonly accounts: BudgetAccounts;
  readonly spans: SpanAccounts;
  /** Unix seconds: what was spent before is not known any more, and counts as everything. */
  readonly unknownBefore: number;
}

export function refusalOf(debit: Debit, limits: readonly PeriodLimit[], spending: Spending): BudgetRefusal | undefined {
  for (const limit of limits) {
    const refusal =
      limit.slidingStep === undefined
        ? calendarRefusal(debit, limit, spending)
        : slidingRefusal(debit, limit, limit.slidingStep, spending);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function calendarRefusal(debit: Debit, limit: PeriodLimit, spending: Spending): BudgetRefusal | undefined {
  const asked = amountIn(limit.measure, debit.cost);
  for (const periodStart of periodsTouched(limit.period, debit.start, debit.end)) {
    const isKnown = periodStart >= spending.unknownBefore;
    const spent = isKnown
      ? amountIn(limit.measure, spending.accounts.spent(debit.domain, limit.share, limit.period, periodStart))
      : { value: undefined, delta: NOTHING.delta };
    if (fits(limit, spent, asked)) continue;
    const refillsAt = fits(limit, NOTHING, asked) ? periodOf(limit.period, periodStart).end : undefined;
    return describeRefusal(limit, { periodStart, asked, spent, refillsAt });
  }
  return undefined;
}

function slidingRefusal(
  debit: Debit,
  limit: PeriodLimit,
  step: number,
  { spans, unknownBefore }: Spending,
): BudgetRefusal | undefined {
  const { start, end } = periodOf(limit.period, debit.start);
  const seconds = end - start;
  const of = { domain: debit.domain, share: limit.share, seconds, step, measure: limit.measure };
  const asked = amountIn(limit.measure, debit.cost);
  const isKnown = !spans.isTooOld(of, debit) && debit.start - seconds >= unknownBefore;
  const spent = isKnown ? spans.most(of, debit) : { value: undefined, delta: NOTHING.delta };
  if (fits(limit, spent, asked)) return undefined;
  const refillsAt = spans.refill(of, debit, (later) => fits(limit, later, asked));
  return describeRefusal(limit, { periodStart: undefined, asked, spent, refillsAt });
}

function describeRefusal(
  limit: PeriodLimit,
  about: {
    readonly periodStart: number | undefined;
    readonly asked: Amount;
    readonly spent: Amount;
    readonly refillsAt: number | undefined;
  },
): BudgetRefusal {
  const { period, share, measure } = limit;
  const { periodStart, asked, spent, refillsAt } = about;
  return {
    period,
    share,
    measure,
    periodStart,
    asked: asked.value,
    spent: spent.value,
    left: leftOf(limit, spent),
    refillsAt,
  };
}
