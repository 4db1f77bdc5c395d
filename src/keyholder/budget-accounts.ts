/**
 * What each domain has spent, rebuilt from the ledger. A debit counts at once in every hour, every day and
 * every week that its window touches: no event of the window escapes a limit because of where the window
 * starts, and a plan that changes its period cannot begin again with an empty account.
 */
import { addRational, parseRationalFraction, ZERO, type Rational } from '../math/rational.js';
import { PERIODS, type Period } from '../plan/plan.js';
import { periodsTouched } from '../plan/budget-period.js';
import type { ReservedBody } from './ledger-entry.js';

export class BudgetAccounts {
  readonly #spent = new Map<string, Rational>();

  /** Debits a granted reservation; one refused for want of budget costs nothing. */
  record({ decision, domain, cell, epsilon }: ReservedBody): void {
    if (decision !== 'granted') return;
    const cost = parseRationalFraction(epsilon);
    for (const period of PERIODS) {
      for (const start of periodsTouched(period, cell.rangeStart, cell.rangeEnd)) {
        const account = accountKey(domain, period, start);
        this.#spent.set(account, addRational(this.#spent.get(account) ?? ZERO, cost));
      }
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
