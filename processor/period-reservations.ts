/**
 * One budget period counted in a store: visits are covered by blocks reserved ahead of them, each durable before the
 * first visit it covers is sealed. What is reserved and not used is lost with the process.
 */
import { blockOf, requestBlocks, type Demand, type VisitCounters } from './block-requests.js';
import type { BoundsSettings } from './contribution-bounds.js';
import type { BudgetPeriod, ContributionStore, CounterRequest, Silence } from './contribution-store.js';
import { CounterNames } from './counter-names.js';
import { KeyReservations, type UndecidedKey } from './key-reservations.js';
import type { OpenKey } from './open-key.js';
import type { PendingVisit } from './pending-visit.js';
import { windowBound, type Visit, type VisitOutcome } from './visit.js';

export interface ReservationOptions {
  readonly settings: BoundsSettings;
  readonly store: ContributionStore;
  readonly period: BudgetPeriod;
  /** The store says that nobody contributes in this period. Once a period. */
  readonly onSilence: (silence: Silence, period: BudgetPeriod) => void;
}

/** SECRET: names the subject, until the visit is decided. */
interface UndecidedVisit {
  readonly visit: Visit;
  readonly pending: PendingVisit;
}

const EXHAUSTED = -1;

export class PeriodReservations {
  readonly #options: ReservationOptions;
  readonly #hasWindows: boolean;
  /** Once the store has opened the period. */
  #names: CounterNames | undefined;
  #silence: Silence | undefined;
  /** Left of the block that was reserved last, or EXHAUSTED, by counter. */
  readonly #left = new Map<string, number>();
  #undecided: UndecidedVisit[] = [];
  /** Once the store has opened the period. */
  #keys: KeyReservations | undefined;
  #undecidedKeys: UndecidedKey[] = [];
  #isAsking = false;

  constructor(options: ReservationOptions) {
    this.#options = options;
    this.#hasWindows = windowBound(options.settings.bounds) !== undefined;
  }

  /** Decides the visit where it can without the store. */
  admit(visit: Visit, key?: OpenKey): PendingVisit {
    const pending: PendingVisit = { outcome: this.#names && this.#decide(this.#countersOf(visit, this.#names)) };
    if (pending.outcome === undefined) this.#undecided.push({ visit, pending });
    if (key !== undefined) this.#undecidedKeys.push({ visit, key, pending });
    return pending;
  }

  /**
   * Asks the store for what is undecided, and decides what still is when it answers. Rejects where the store does.
   * The store gets one question at a time: visits that come while it has not answered stay undecided.
   */
  async reserve(): Promise<void> {
    const [undecided, keys] = [this.#undecided, this.#undecidedKeys];
    this.#undecided = [];
    this.#undecidedKeys = [];
    if ((undecided.length === 0 && keys.length === 0) || this.#isAsking) return;
    this.#isAsking = true;
    try {
      if (undecided.length > 0) await this.#reserve(undecided);
      const admitted = keys.filter(({ pending }) => pending.outcome === 'admitted' && pending.key === undefined);
      await this.#keys?.decide(admitted, (requests) => this.#ask(requests));
    } finally {
      this.#isAsking = false;
    }
  }

  async #reserve(undecided: readonly UndecidedVisit[]): Promise<void> {
    const names = await this.#open();
    if (names === undefined) {
      const outcome = this.#silence === 'lost' ? 'not_reserved' : 'out_of_period';
      for (const { pending } of undecided) pending.outcome ??= outcome;
      return;
    }
    const counted = undecided.map(({ visit, pending }) => ({ counters: this.#countersOf(visit, names), pending }));
    const demands = new Map<string, Demand>();
    for (const { counters, pending } of counted) pending.outcome ??= this.#demand(counters, demands);
    await this.#fill([...demands.values()]);
    for (const { counters, pending } of counted) pending.outcome ??= this.#decide(counters) ?? 'exceeded';
  }

  async #open(): Promise<CounterNames | undefined> {
    if (this.#names !== undefined || this.#silence !== undefined) return this.#names;
    const { store, settings, period, onSilence } = this.#options;
    const opened = await store.openPeriod(period);
    if ('key' in opened) {
      this.#names = new CounterNames(opened.key, settings.plan);
      this.#keys = new KeyReservations(this.#names, settings.counterLimit);
    } else {
      this.#silence = opened.silent;
      onSilence(opened.silent, period);
    }
    return this.#names;
  }

  /** Adds the visit to what is asked, unless it is decided without, or there is no room for its counters. */
  #demand(counters: VisitCounters, demands: Map<string, Demand>): VisitOutcome | undefined {
    const decided = this.#decide(counters);
    if (decided !== undefined) return decided;
    const block = blockOf(counters);
    const demand = demands.get(block);
    if (demand === undefined && !this.#left.has(block) && !this.#hasRoom(demands.size)) return 'too_many_subjects';
    demands.set(block, { counters, visits: (demand?.visits ?? 0) + 1 });
    return undefined;
  }

  /** For the counters of one more visit, beside those that are asked for. */
  #hasRoom(asked: number): boolean {
    return this.#left.size + (asked + 1) * (this.#hasWindows ? 2 : 1) <= this.#options.settings.counterLimit;
  }

  async #fill(demands: readonly Demand[]): Promise<void> {
    const { blocks, exhausted } = await requestBlocks(demands, this.#options.settings.bounds, (requests) =>
      this.#ask(requests),
    );
    for (const counter of exhausted) this.#left.set(counter, EXHAUSTED);
    demands.forEach(({ counters }, index) => {
      const block = blockOf(counters);
      const granted = blocks[index] ?? 0;
      this.#left.set(block, granted === 0 ? EXHAUSTED : (this.#left.get(block) ?? 0) + granted);
    });
  }

  /** Takes no answer for more than was asked. */
  async #ask(requests: readonly CounterRequest[]): Promise<number[]> {
    const { store, period } = this.#options;
    const granted = requests.length === 0 ? [] : await store.reserve(period, requests);
    return requests.map(({ amount }, index) => Math.max(0, Math.min(amount, Math.floor(granted[index] ?? 0) || 0)));
  }

  /** Uses one of what is reserved; `undefined` where the store has to be asked. */
  #decide(counters: VisitCounters): 'admitted' | 'exceeded' | undefined {
    const block = blockOf(counters);
    const left = this.#left.get(block) ?? 0;
    if (left > 0) {
      this.#left.set(block, left - 1);
      return 'admitted';
    }
    return left === EXHAUSTED || this.#left.get(counters.period) === EXHAUSTED ? 'exceeded' : undefined;
  }

  #countersOf(visit: Visit, names: CounterNames): VisitCounters {
    return { period: names.ofPeriod(visit), window: this.#hasWindows ? names.ofWindow(visit) : undefined };
  }
}
