/**
 * Where a subject's contributions are counted beyond the life of one process. An implementation keeps counters under
 * names it cannot read; the one guarantee it owes is that it never grants more of a counter than its bound, whatever
 * crashes, restarts or is asked twice.
 */
import type { Period } from '../src/plan/plan.js';

/** A calendar period in UTC, as budgets have them. */
export interface BudgetPeriod {
  readonly kind: Period;
  /** Unix seconds. */
  readonly start: number;
}

/** What a period that no subject contributes to is: over, too far ahead, or one whose counters may have been lost. */
export type Silence = 'out_of_period' | 'lost';

export type OpenedPeriod =
  /** 32 random bytes: the key under which counters are named, for everyone who shares the store. */
  { readonly key: Uint8Array } | { readonly silent: Silence };

export interface CounterRequest {
  /** A keyed hash of the subject and of what it contributes to: 22 characters, unique in one call. */
  readonly counter: string;
  /** How much is asked for, 1 or more. */
  readonly amount: number;
  /** The most that is ever granted of this counter in its period, 1 or more. */
  readonly bound: number;
}

export interface ContributionStore {
  /**
   * Opens a period, or finds it open. The key is random, the same until the period is forgotten, and forgotten with
   * it. A store keeps the two newest periods of a kind that it was ever asked for and deletes what is older, which
   * then stays silent for good: a period is never opened a second time with counters at 0.
   */
  openPeriod(period: BudgetPeriod): Promise<OpenedPeriod>;

  /**
   * Reserves, per request, as much as the bound leaves: between 0 and the amount. Resolves once what it granted
   * would survive a crash; it counts as used from then on, and there is no way to give it back. Grants nothing of a
   * period that is not open. Where it rejects, the processor counts nothing as granted, whatever the store has
   * written.
   */
  reserve(period: BudgetPeriod, requests: readonly CounterRequest[]): Promise<readonly number[]>;
}
