/**
 * Ranges of time with what was spent on each, in order of start. The newest forty days are kept; what begins more
 * than thirty days before the newest end can not be added to any more, so that nothing forgotten is ever missed.
 */
import { addCosts, type PrivacyCost } from '../privacy/privacy-cost.js';
import type { Share } from './release-kind.js';

/** Unix seconds; [start, end). */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** As snapshots hold it. */
export interface SpanRow extends Range {
  readonly domain: string;
  readonly share: Share;
  readonly cost: PrivacyCost;
}

const DAY = 86_400;
/** Longer than the time in which ranges are still added, by more than the longest span. */
const KEPT_SECONDS = 40 * DAY;
const ADDED_SECONDS = 30 * DAY;

export class SpanRows {
  readonly #rows: SpanRow[] = [];
  #longest = 0;
  #newestEnd = 0;

  isTooOld({ start }: Range): boolean {
    return start < this.#newestEnd - ADDED_SECONDS;
  }

  add(row: SpanRow): void {
    const index = this.#firstFrom(row.start, row.end);
    const same = this.#rows[index];
    if (same?.start === row.start && same.end === row.end) {
      this.#rows[index] = { ...same, cost: addCosts(same.cost, row.cost) };
    } else {
      this.#rows.splice(index, 0, row);
    }
    this.#longest = Math.max(this.#longest, row.end - row.start);
    this.#newestEnd = Math.max(this.#newestEnd, row.end);
    this.#forgetOld();
  }

  touching({ start, end }: Range): SpanRow[] {
    const rows: SpanRow[] = [];
    for (let index = this.#firstFrom(start - this.#longest, 0); index < this.#rows.length; index += 1) {
      const row = this.#rows[index];
      if (row === undefined || row.start >= end) break;
      if (row.end > start) rows.push(row);
    }
    return rows;
  }

  all(): readonly SpanRow[] {
    return this.#rows;
  }

  /** Index of the first row that does not come before (start, end). */
  #firstFrom(start: number, end: number): number {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#rows[middle];
      const isBefore = row !== undefined && (row.start < start || (row.start === start && row.end < end));
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forgetOld(): void {
    const oldest = this.#newestEnd - KEPT_SECONDS;
    const kept = this.#rows.findIndex(({ end }) => end >= oldest);
    if (kept > 0) this.#rows.splice(0, kept);
  }
}
