/**
 * The gate of counting in a store. Spans wait in a bounded queue, in the order they ended, until the store has made
 * durable what covers them, and then go on together at a fixed pace: also those that need nothing from the store, so
 * that how long a span took does not tell whether its subject had visits left. Where the store does not answer in
 * time, or too many spans wait, they go on without their values.
 */
import type { ClassifiedSpan } from './contribution.js';
import type { BoundsSettings } from './contribution-bounds.js';
import { withoutValues, type ContributionGate, type NoteVisit, type Proceed } from './contribution-gate.js';
import type { ContributionStore } from './contribution-store.js';
import { resolvesWithin } from './keep-alive.js';
import { pause } from './pause.js';
import { openKeyOf, withKey } from './open-key.js';
import type { PendingVisit } from './pending-visit.js';
import { ReservedContributions } from './reserved-contributions.js';
import { SealingQueue } from './sealing-queue.js';

export interface StoreGateSettings extends BoundsSettings {
  readonly store: ContributionStore;
  readonly queueLimit: number;
  /** Pace at which spans go on, and how long the store may take, in milliseconds. Default 50 and 2,000. */
  readonly paceMillis?: number;
  readonly answerMillis?: number;
}

/** SECRET: holds the classified values. */
interface WaitingSpan {
  readonly span: ClassifiedSpan;
  readonly visit: PendingVisit;
  readonly proceed: Proceed;
}

export class StoreGate implements ContributionGate {
  readonly #contributions: ReservedContributions;
  readonly #queue: SealingQueue<WaitingSpan>;
  readonly #note: NoteVisit;
  readonly #paceMillis: number;
  readonly #answerMillis: number;
  #isRunning = false;

  constructor(settings: StoreGateSettings, note: NoteVisit) {
    this.#contributions = new ReservedContributions(settings, settings.store);
    this.#queue = new SealingQueue(settings.queueLimit);
    this.#note = note;
    this.#paceMillis = settings.paceMillis ?? 50;
    this.#answerMillis = settings.answerMillis ?? 2000;
  }

  submit(span: ClassifiedSpan, subject: unknown, proceed: Proceed): void {
    const report = span.report.report.name;
    const key = openKeyOf(span);
    const visit = this.#contributions.admit({ subject, report, windowStart: span.windowStart, key });
    const waiting = { span, visit, proceed };
    if (!this.#queue.push(waiting)) {
      this.#releaseUntil(this.#queue.start + 1);
      this.#queue.push(waiting);
    }
    if (!this.#isRunning) void this.#run();
  }

  async drain(timeoutMillis: number): Promise<void> {
    const end = this.#queue.end;
    if (!(await resolvesWithin(this.#queue.whenReached(end), timeoutMillis))) this.#releaseUntil(end);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.size > 0) {
      const end = this.#queue.end;
      await Promise.all([resolvesWithin(this.#contributions.reserve(), this.#answerMillis), pause(this.#paceMillis)]);
      this.#releaseUntil(end);
    }
    this.#isRunning = false;
  }

  #releaseUntil(end: number): void {
    for (const waiting of this.#queue.takeUntil(end)) this.#release(waiting);
    this.#queue.notify();
  }

  #release({ span, visit, proceed }: WaitingSpan): void {
    const outcome = (visit.outcome ??= 'not_reserved');
    this.#note(outcome, span.report.report.name);
    proceed(outcome === 'admitted' ? withKey(span, (visit.key ??= 'other')) : withoutValues(span));
  }
}
