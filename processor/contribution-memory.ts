/**
 * Counters in memory, for processors without a store. One memory for the whole process, also for other copies of this
 * package: two processors of one plan are still one process. A restart forgets it, and the subjects' keys with it.
 */
import type { Period } from '../src/plan/plan.js';
import { systemRandom, type RandomBytes } from '../src/random.js';
import { RecentPeriods } from './recent-periods.js';

const KEY_BYTES = 32;

/** A counter with the most it may reach. */
export interface BoundedCounter {
  readonly counter: string;
  readonly bound: number;
}

/** What was counted in one budget period. */
export class PeriodCounters {
  readonly key: Uint8Array;
  readonly #counts = new Map<string, number>();

  constructor(random: RandomBytes) {
    this.key = random(KEY_BYTES);
  }

  /** Whether anything was counted in it. */
  holds(counter: string): boolean {
    return this.#counts.has(counter);
  }

  /** Counts one in all of the counters, or in none where one is at its bound or `most` counters are held. */
  take(counters: readonly BoundedCounter[], most: number): 'admitted' | 'exceeded' | 'too_many_subjects' {
    if (counters.some(({ counter, bound }) => (this.#counts.get(counter) ?? 0) >= bound)) return 'exceeded';
    const fresh = counters.filter(({ counter }) => !this.#counts.has(counter)).length;
    if (fresh > 0 && this.#counts.size + fresh > most) return 'too_many_subjects';
    for (const { counter } of counters) this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + 1);
    return 'admitted';
  }
}

export class ContributionMemory {
  readonly #random: RandomBytes;
  readonly #periods = new Map<Period, RecentPeriods<PeriodCounters>>();

  constructor(random: RandomBytes = systemRandom) {
    this.#random = random;
  }

  /** `undefined` for a period that is over. `start` in Unix seconds. */
  openPeriod(kind: Period, start: number): PeriodCounters | undefined {
    let periods = this.#periods.get(kind);
    if (periods === undefined) this.#periods.set(kind, (periods = new RecentPeriods()));
    return periods.get(start, () => new PeriodCounters(this.#random));
  }
}

const NAME = Symbol.for('telemetry_kit.contribution_memory.v1');
const holder: { [NAME]?: ContributionMemory | undefined } = globalThis as object;

export function processMemory(): ContributionMemory {
  return (holder[NAME] ??= new ContributionMemory());
}
