/**
 * What one subject may contribute in a budget period, enforced where the values are still in clear: at most `visits`
 * spans of a report count, at most `visitsPerWindow` of them in one window (docs/DATA_MODEL.md, "Contribution
 * bounds"). The noise that is added later relies on exactly this. Counts in memory; ReservedContributions does the
 * same with a store.
 */
import type { Clock } from '../src/clock.js';
import type { ContributionBounds as DeclaredBounds, Plan } from '../src/plan/plan.js';
import type { BoundedCounter, ContributionMemory } from './contribution-memory.js';
import { CounterNames } from './counter-names.js';
import type { KeyOutcome, OpenKey } from './open-key.js';
import { readVisit, windowBound, type Visit, type Visitor, type VisitOutcome } from './visit.js';

export interface BoundsSettings {
  readonly plan: Plan;
  readonly bounds: DeclaredBounds;
  readonly clock: Clock;
  /** Most counters held in memory for one period. */
  readonly counterLimit: number;
}

export class ContributionBounds {
  readonly #settings: BoundsSettings;
  readonly #memory: ContributionMemory;
  readonly #windowBound: number | undefined;
  /** By the key they are made with. */
  readonly #names = new WeakMap<Uint8Array, CounterNames>();

  constructor(settings: BoundsSettings, memory: ContributionMemory) {
    this.#settings = settings;
    this.#memory = memory;
    this.#windowBound = windowBound(settings.bounds);
  }

  /** Counts the visit where it is admitted. Never throws. */
  admit(visitor: Visitor): VisitOutcome {
    const { plan, clock, counterLimit } = this.#settings;
    const visit = readVisit(plan, visitor, clock());
    if (typeof visit === 'string') return visit;
    const period = this.#memory.openPeriod(plan.privacy.period, visit.periodStart);
    return period?.take(this.#countersOf(visit, period.key), counterLimit) ?? 'out_of_period';
  }

  /** Counts the subject under the key of a visit that was admitted, where it may. Never throws. */
  touch(visitor: Visitor, { text, keysPerSubject }: OpenKey): KeyOutcome {
    const { plan, clock, counterLimit } = this.#settings;
    const visit = readVisit(plan, visitor, clock());
    if (typeof visit === 'string') return 'other';
    const period = this.#memory.openPeriod(plan.privacy.period, visit.periodStart);
    if (period === undefined) return 'other';
    const names = this.#namesOf(period.key);
    const key = { counter: names.ofKey(visit, text), bound: 1 };
    if (period.holds(key.counter)) return 'again';
    const keys = { counter: names.ofKeys(visit), bound: keysPerSubject };
    return period.take([key, keys], counterLimit) === 'admitted' ? 'first' : 'other';
  }

  #namesOf(key: Uint8Array): CounterNames {
    let names = this.#names.get(key);
    if (names === undefined) this.#names.set(key, (names = new CounterNames(key, this.#settings.plan)));
    return names;
  }

  #countersOf(visit: Visit, key: Uint8Array): BoundedCounter[] {
    const names = this.#namesOf(key);
    const counters = [{ counter: names.ofPeriod(visit), bound: this.#settings.bounds.visits }];
    if (this.#windowBound !== undefined) counters.push({ counter: names.ofWindow(visit), bound: this.#windowBound });
    return counters;
  }
}
