/**
 * ContributionBounds with a store: what was counted survives the process, and may be shared with others. A visit that
 * needs the store stays pending until `reserve`.
 */
import { TelemetryKitError } from '../src/errors.js';
import { periodOf } from '../src/plan/budget-period.js';
import type { BoundsSettings } from './contribution-bounds.js';
import type { BudgetPeriod, ContributionStore, Silence } from './contribution-store.js';
import { logWarning } from './log.js';
import type { PendingVisit } from './pending-visit.js';
import { PeriodReservations } from './period-reservations.js';
import { RecentPeriods } from './recent-periods.js';
import { readVisit, type Visitor } from './visit.js';

export class ReservedContributions {
  readonly #settings: BoundsSettings;
  readonly #store: ContributionStore;
  readonly #periods = new RecentPeriods<PeriodReservations>();
  /** Since when every failure of the store was said once. */
  #isFailing = false;

  constructor(settings: BoundsSettings, store: ContributionStore) {
    this.#settings = settings;
    this.#store = store;
  }

  admit(visitor: Visitor): PendingVisit {
    const { plan, clock } = this.#settings;
    const visit = readVisit(plan, visitor, clock());
    if (typeof visit === 'string') return { outcome: visit };
    const period = this.#periods.get(visit.periodStart, () => this.#open(visit.periodStart));
    return period?.admit(visit, visitor.key) ?? { outcome: 'out_of_period' };
  }

  /** Decides what is pending; what the store does not answer for stays undecided. Never rejects. */
  async reserve(): Promise<void> {
    const results = await Promise.allSettled(this.#periods.all().map((period) => period.reserve()));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure === undefined) this.#isFailing = false;
    else this.#warn(failure.reason);
  }

  #open(start: number): PeriodReservations {
    const { plan } = this.#settings;
    return new PeriodReservations({
      settings: this.#settings,
      store: this.#store,
      period: { kind: plan.privacy.period, start },
      onSilence: warnOfSilence,
    });
  }

  #warn(reason: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    logWarning(`contributions cannot be reserved and count as absent until they can: ${describe(reason)}`);
  }
}

function warnOfSilence(silence: Silence, { kind, start }: BudgetPeriod): void {
  if (silence !== 'lost') return;
  const end = new Date(periodOf(kind, start).end * 1000).toISOString();
  logWarning(`the counts of contributions may have been lost: every subject counts as absent until ${end}`);
}

/** Another store's message could quote what it was asked. */
function describe(reason: unknown): string {
  if (reason instanceof TelemetryKitError) return `${reason.message}; ${reason.fix}`;
  return reason instanceof Error ? `[${reason.name}]` : 'unknown error';
}
