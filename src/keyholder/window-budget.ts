/**
 * The budget of one window: an account for every limited period that the window touches. A release is granted
 * where it fits all of them, and then consumes from all of them; refused, it consumes from none.
 */
import type { Rational } from '../math/rational.js';
import type { Period } from '../plan/plan.js';
import { PrivacyBudget } from '../privacy/privacy-budget.js';
import type { PeriodLimit } from './budget-limits.js';
import { periodsTouched } from '../plan/budget-period.js';

/** The first account that a release does not fit. */
export interface BudgetRefusal {
  readonly period: Period;
  /** Unix seconds. */
  readonly periodStart: number;
  readonly asked: Rational;
  readonly spent: Rational;
  readonly left: Rational;
}

interface Account {
  readonly period: Period;
  readonly periodStart: number;
  readonly budget: PrivacyBudget;
}

export interface WindowRange {
  /** Unix seconds; the window is [start, end). */
  readonly start: number;
  readonly end: number;
}

export class WindowBudget {
  readonly #accounts: readonly Account[];

  /** `spent`: what an account consumed so far. */
  constructor(
    { start, end }: WindowRange,
    limits: readonly PeriodLimit[],
    spent: (period: Period, periodStart: number) => Rational,
  ) {
    this.#accounts = limits.flatMap(({ period, limit }) =>
      periodsTouched(period, start, end).map((periodStart) => ({
        period,
        periodStart,
        budget: new PrivacyBudget(limit, spent(period, periodStart)),
      })),
    );
  }

  /** Consumes `asked` where it fits every account; else nothing, and says which one it does not fit. */
  tryReserve(asked: Rational): BudgetRefusal | undefined {
    const full = this.#accounts.find(({ budget }) => !budget.fits(asked));
    if (full !== undefined) {
      const { period, periodStart, budget } = full;
      return { period, periodStart, asked, spent: budget.spent, left: budget.left };
    }
    for (const { budget } of this.#accounts) budget.tryReserve(asked);
    return undefined;
  }
}
