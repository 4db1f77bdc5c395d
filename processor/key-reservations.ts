/**
 * Which subject counts under which keys of an open label, in a store: every key once, and only so many of them,
 * however often the process restarts and with whomever it shares the store.
 *
 * A store only grants parts of counters, so what is to be known is what is left of one:
 * 1. One of the key's own counter. Nothing is left: the subject is counted under the key, here or elsewhere.
 * 2. Else one of the subject's counter of keys, which has as many as there may be keys. Nothing is left: it counts
 *    as other, and step 1 finds it so again.
 * 3. Else all that is left of the key's counter. Who gets any counts the subject: one process, once.
 * A crash between 2 and 3 loses the subject one of its keys, never gives it one more.
 */
import type { Ask } from './block-requests.js';
import type { CounterRequest } from './contribution-store.js';
import type { CounterNames } from './counter-names.js';
import type { KeyOutcome, OpenKey } from './open-key.js';
import type { PendingVisit } from './pending-visit.js';
import type { Visit } from './visit.js';

/** A visit that was admitted, and whose key nobody has decided about. */
export interface UndecidedKey {
  readonly visit: Visit;
  readonly key: OpenKey;
  readonly pending: PendingVisit;
}

/** More than all processes of a period together ever take of a key's counter in step 1. */
const WHOLE_KEY = 1_000_000;

/** One key of one subject, with all visits that wait for it. */
interface Candidate {
  readonly keyCounter: string;
  readonly subjectCounter: string;
  readonly keysPerSubject: number;
  readonly waiting: PendingVisit[];
}

export class KeyReservations {
  readonly #names: CounterNames;
  readonly #counterLimit: number;
  /** Keys that their subjects are counted under, and those that they are not and never will be. */
  readonly #settled = new Map<string, 'again' | 'other'>();
  /** Subjects that are counted under as many keys as they may. */
  readonly #exhausted = new Set<string>();

  constructor(names: CounterNames, counterLimit: number) {
    this.#names = names;
    this.#counterLimit = counterLimit;
  }

  /** Decides each, the first visits first; what is decided meanwhile by others stays as it is. Rejects where the store does. */
  async decide(undecided: readonly UndecidedKey[], ask: Ask): Promise<void> {
    const candidates = this.#candidatesOf(undecided);
    const known = await ask(candidates.map(({ keyCounter }) => requestOf(keyCounter, 1, WHOLE_KEY)));
    const fresh = candidates.filter((candidate, index) => {
      if ((known[index] ?? 0) > 0) return true;
      this.#settle(candidate, 'again');
      return false;
    });
    const admitted = await this.#askForSubjects(fresh, ask);
    const taken = await ask(admitted.map(({ keyCounter }) => requestOf(keyCounter, WHOLE_KEY, WHOLE_KEY)));
    admitted.forEach((candidate, index) => {
      this.#settle(candidate, (taken[index] ?? 0) > 0 ? 'first' : 'again');
    });
  }

  /** Those that the store has to be asked about; decides the others. */
  #candidatesOf(undecided: readonly UndecidedKey[]): Candidate[] {
    const candidates = new Map<string, Candidate>();
    for (const { visit, key, pending } of undecided) {
      const keyCounter = this.#names.ofKey(visit, key.text);
      const subjectCounter = this.#names.ofKeys(visit);
      const candidate = candidates.get(keyCounter);
      const settled = this.#settled.get(keyCounter);
      if (candidate !== undefined) candidate.waiting.push(pending);
      else if (settled !== undefined) pending.key ??= settled;
      else if (!this.#hasRoom(candidates.size)) pending.key ??= 'other';
      else {
        const { keysPerSubject } = key;
        candidates.set(keyCounter, { keyCounter, subjectCounter, keysPerSubject, waiting: [pending] });
      }
    }
    return [...candidates.values()];
  }

  /** One question a subject; its first keys get what is granted. */
  async #askForSubjects(candidates: readonly Candidate[], ask: Ask): Promise<Candidate[]> {
    const bySubject = new Map<string, Candidate[]>();
    for (const candidate of candidates) {
      const { subjectCounter } = candidate;
      if (this.#exhausted.has(subjectCounter)) this.#settle(candidate, 'other');
      else bySubject.set(subjectCounter, [...(bySubject.get(subjectCounter) ?? []), candidate]);
    }
    const requests = [...bySubject].map(([counter, keys]) => {
      const most = keys[0]?.keysPerSubject ?? 1;
      return requestOf(counter, Math.min(keys.length, most), most);
    });
    const granted = await ask(requests);
    return [...bySubject].flatMap(([counter, keys], index) => {
      const count = granted[index] ?? 0;
      if (count < keys.length) this.#exhausted.add(counter);
      for (const refused of keys.slice(count)) this.#settle(refused, 'other');
      return keys.slice(0, count);
    });
  }

  #settle({ keyCounter, waiting }: Candidate, outcome: KeyOutcome): void {
    this.#settled.set(keyCounter, outcome === 'other' ? 'other' : 'again');
    const undecided = waiting.filter(({ key }) => key === undefined);
    undecided.forEach((pending, index) => {
      pending.key = outcome === 'first' && index > 0 ? 'again' : outcome;
    });
  }

  #hasRoom(asked: number): boolean {
    return this.#settled.size + this.#exhausted.size + 2 * (asked + 1) <= this.#counterLimit;
  }
}

function requestOf(counter: string, amount: number, bound: number): CounterRequest {
  return { counter, amount, bound };
}
