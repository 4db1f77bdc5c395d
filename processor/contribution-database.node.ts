/**
 * The counters of a ContributionFile: in memory, and in the file before anybody hears of them. Runs in a worker
 * thread, because every change waits for the disk.
 */
import type { RandomBytes } from '../src/random.js';
import { asStorageError } from '../src/service/storage-error.js';
import { CheckedFile } from './checked-file.node.js';
import { openContributionFile, type OpenedFile } from './contribution-file-opening.node.js';
import { encodeContributions, encodeUse, findPeriod, type CountedContributions } from './contribution-journal.js';
import type { BudgetPeriod, CounterRequest, OpenedPeriod } from './contribution-store.js';

const KEY_BYTES = 32;
const MOST_PERIODS = 2;
/** The file is written anew once it has so many times as much as it needs. */
const REWRITE_FACTOR = 4;
const REWRITE_BYTES = 1_000_000;

export class ContributionDatabase {
  readonly #path: string;
  readonly #opened: OpenedFile;
  readonly #random: RandomBytes;
  #file: CheckedFile;
  #counted: CountedContributions;
  /** Length of the file when it was last written anew. */
  #rewrittenLength: number;

  /**
   * `now` in Unix milliseconds. Throws `already_running` where another process, or another object of this one, holds
   * the file, and `storage` where it cannot be used.
   */
  constructor(path: string, now: number, random: RandomBytes) {
    this.#path = path;
    this.#opened = openContributionFile(path, now);
    this.#random = random;
    this.#file = this.#opened.file;
    this.#counted = this.#opened.counted;
    this.#rewrittenLength = this.#file.length;
  }

  /** What had become of the file. */
  get condition(): OpenedFile['condition'] {
    return this.#opened.condition;
  }

  /** As ContributionStore; throws `storage`. */
  openPeriod({ kind, start }: BudgetPeriod): OpenedPeriod {
    const { began, periods } = this.#counted;
    const found = findPeriod(periods, { kind, start });
    if (found !== undefined) return { key: found.key };
    if (start < began) return { silent: 'lost' };
    const ofKind = periods.filter((period) => period.kind === kind);
    const newer = ofKind.filter((period) => period.start > start);
    if (newer.length >= MOST_PERIODS) return { silent: 'out_of_period' };

    const opened = { kind, start, key: this.#random(KEY_BYTES), used: new Map<string, number>() };
    const kept = [...ofKind, opened].sort((a, b) => b.start - a.start).slice(0, MOST_PERIODS);
    this.#rewrite({ began, periods: [...periods.filter((period) => period.kind !== kind), ...kept] });
    return { key: opened.key };
  }

  /** As ContributionStore; throws `storage`. */
  reserve(period: BudgetPeriod, requests: readonly CounterRequest[]): number[] {
    const found = findPeriod(this.#counted.periods, period);
    if (found === undefined) return requests.map(() => 0);
    const used = new Map<string, number>();
    const granted = requests.map(({ counter, amount, bound }) => {
      const before = found.used.get(counter) ?? 0;
      const grant = Math.max(0, Math.min(amount, bound - before));
      if (grant > 0) used.set(counter, before + grant);
      return grant;
    });
    if (used.size === 0) return granted;
    this.#write(() => this.#file.append(encodeUse(period, used)));
    for (const [counter, count] of used) found.used.set(counter, count);
    if (this.#file.length > REWRITE_BYTES + REWRITE_FACTOR * this.#rewrittenLength) this.#rewrite(this.#counted);
    return granted;
  }

  /** Gives the file back; nothing opens a period or reserves afterwards. */
  close(): void {
    this.#counted = { ...this.#counted, periods: [] };
    this.#file.close();
    this.#opened.lock.release();
  }

  /** Without a trace of what is not in `counted` any more. */
  #rewrite(counted: CountedContributions): void {
    this.#file.assertOpen();
    const file = this.#write(() => CheckedFile.replace(this.#path, encodeContributions(counted)));
    this.#file.close();
    this.#file = file;
    this.#counted = counted;
    this.#rewrittenLength = file.length;
  }

  #write<Result>(change: () => Result): Result {
    try {
      return change();
    } catch (cause) {
      throw asStorageError(cause, `cannot write ${this.#path}`);
    }
  }
}
