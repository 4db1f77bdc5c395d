/**
 * What is kept of budget periods: of the two newest that were ever asked for, so that spans which end about midnight
 * count in the period they belong to. An older one is refused for good: its counters are gone, and must not begin
 * again at 0.
 */
const MOST_PERIODS = 2;

interface KeptPeriod<Kept> {
  readonly start: number;
  readonly kept: Kept;
}

export class RecentPeriods<Kept> {
  /** Newest first. */
  #periods: readonly KeptPeriod<Kept>[] = [];

  /** What is kept of the period that starts then, made by `open` where it is new; `undefined` for one that is over. */
  get(start: number, open: () => Kept): Kept | undefined {
    const found = this.#periods.find((period) => period.start === start);
    if (found !== undefined) return found.kept;
    if (this.#periods.length === MOST_PERIODS && this.#periods.every((period) => period.start > start)) {
      return undefined;
    }
    const kept = open();
    this.#periods = [...this.#periods, { start, kept }].sort((a, b) => b.start - a.start).slice(0, MOST_PERIODS);
    return kept;
  }

  all(): Kept[] {
    return this.#periods.map(({ kept }) => kept);
  }
}
