/**
 * What each domain has spent in calendar periods, rebuilt from the ledger. A debit counts at once in every hour,
 * every day and every week that its range touches: no event of a window escapes a limit because of where the window
 * starts, and a plan that changes its period cannot begin again with an empty account. One account per share of the
 * budget; the domain's own sum is that of its shares.
 */
import { periodsTouched } from '../plan/budget-period.js';
import { PERIODS, type Period, type PrivacyUnit } from '../plan/plan.js';
import { addCosts, NO_COST, type PrivacyCost } from '../privacy/privacy-cost.js';
import { SHARES, type Share } from './release-kind.js';

/** A granted cost, and the time it covers. */
export interface Debit {
  readonly domain: string;
  readonly share: Share;
  readonly unit: PrivacyUnit;
  /** Unix seconds; the range is [start, end). */
  readonly start: number;
  readonly end: number;
  readonly cost: PrivacyCost;
}

/** One account, as snapshots hold it. */
export interface AccountRow {
  readonly domain: string;
  readonly share: Share;
  readonly period: Period;
  readonly periodStart: number;
  readonly units: readonly PrivacyUnit[];
  readonly cost: PrivacyCost;
}

export class BudgetAccounts {
  readonly #accounts: Map<string, AccountRow>;

  constructor(rows: readonly AccountRow[] = []) {
    this.#accounts = new Map(rows.map((row) => [keyOf(row.domain, row.share, row.period, row.periodStart), row]));
  }

  debit({ domain, share, unit, start, end, cost }: Debit): void {
    for (const period of PERIODS) {
      for (const periodStart of periodsTouched(period, start, end)) {
        const key = keyOf(domain, share, period, periodStart);
        const before = this.#accounts.get(key);
        const units = before?.units ?? [];
        this.#accounts.set(key, {
          domain,
          share,
          period,
          periodStart,
          units: units.includes(unit) ? units : [...units, unit],
          cost: addCosts(before?.cost ?? NO_COST, cost),
        });
      }
    }
  }

  /** Of one share, or of all. */
  spent(domain: string, share: Share | undefined, period: Period, periodStart: number): PrivacyCost {
    const shares = share === undefined ? SHARES : [share];
    return shares
      .map((each) => this.#accounts.get(keyOf(domain, each, period, periodStart))?.cost ?? NO_COST)
      .reduce(addCosts);
  }

  /** What the epsilons in this period are about; empty where nothing was spent. */
  unitsIn(domain: string, period: Period, periodStart: number): readonly PrivacyUnit[] {
    return SHARES.flatMap((share) => this.#accounts.get(keyOf(domain, share, period, periodStart))?.units ?? []);
  }

  /** In the order in which they were opened. */
  rows(): AccountRow[] {
    return [...this.#accounts.values()];
  }
}

/** Domains are identifiers without spaces. */
function keyOf(domain: string, share: Share, period: Period, periodStart: number): string {
  return `${domain} ${share} ${period} ${String(periodStart)}`;
}
