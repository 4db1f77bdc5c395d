/**
 * What each domain has spent, rebuilt from the ledger. A debit counts in the hour, the day and the week of
 * its window at once: a plan that changes its period cannot begin again with an empty account.
 */
import { addRational, parseRationalFraction, ZERO, type Rational } from '../math/rational.js';
import { PERIODS, type Period } from '../plan/plan.js';
import { periodStartOf } from './budget-period.js';
import type { ReservedBody } from './ledger-entry.js';

export class BudgetAccounts {
  readonly #spent = new Map<string, Rational>();

  /** Debits a granted reservation; one refused for want of budget costs nothing. */
  record({ decision, domain, cell, epsilon }: ReservedBody): void {
    if (decision !== 'granted') return;
    for (const period of PERIODS) {
      const account = accountKey(domain, period, periodStartOf(period, cell.rangeStart));
      this.#spent.set(account, addRational(this.#spent.get(account) ?? ZERO, parseRationalFraction(epsilon)));
    }
  }

  spent(domain: string, period: Period, periodStart: number): Rational {
    return this.#spent.get(accountKey(domain, period, periodStart)) ?? ZERO;
  }
}

/** Domains are identifiers without spaces. */
function accountKey(domain: string, period: Period, periodStart: number): string {
  return `${domain} ${period} ${String(periodStart)}`;
}
