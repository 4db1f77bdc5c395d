/**
 * The reservations of budget periods, and their continuity: within a period a plan has one set of terms. Another
 * one would let its subjects contribute twice, so it takes effect where no period overlaps that was begun before.
 */
import { periodOf } from '../plan/budget-period.js';
import type { ReservedPeriodBody } from './ledger-entry.js';

/** The newest decision about each reservation. */
export class Reservations {
  readonly #newest = new Map<string, ReservedPeriodBody>();
  /** Granted ones, by domain and plan. */
  readonly #granted = new Map<string, ReservedPeriodBody[]>();

  constructor(entries: readonly ReservedPeriodBody[] = []) {
    for (const entry of entries) this.record(entry);
  }

  record(entry: ReservedPeriodBody): void {
    this.#newest.set(entry.reservationId, entry);
    if (entry.decision !== 'granted') return;
    const key = planKey(entry);
    this.#granted.set(key, [...(this.#granted.get(key) ?? []), entry]);
  }

  find(reservationId: string): ReservedPeriodBody | undefined {
    return this.#newest.get(reservationId);
  }

  /** Whether the plan holds a period that overlaps this one under other terms. */
  hasOtherTerms(entry: Omit<ReservedPeriodBody, 'decision'>): boolean {
    const range = rangeOf(entry);
    return (this.#granted.get(planKey(entry)) ?? []).some((other) => {
      const { start, end } = rangeOf(other);
      return other.terms !== entry.terms && start < range.end && range.start < end;
    });
  }

  all(): ReservedPeriodBody[] {
    return [...this.#newest.values()];
  }
}

/** Unix seconds, [start, end). */
export function rangeOf({ period, periodStart }: Pick<ReservedPeriodBody, 'period' | 'periodStart'>): {
  readonly start: number;
  readonly end: number;
} {
  return { start: periodStart, end: periodOf(period, periodStart).end };
}

/** Both are identifiers without spaces. */
function planKey({ domain, plan }: Pick<ReservedPeriodBody, 'domain' | 'plan'>): string {
  return `${domain} ${plan}`;
}
