/**
 * What stripped spans contribute to their reports: classified, within what one subject may contribute, then sealed with
 * the span or added up.
 */
import { systemClock } from '../src/clock.js';
import { ENVELOPE_ATTRIBUTE } from '../src/wire/envelope.js';
import type { CapturedSpan } from './captured-span.js';
import { isAlreadySealed, perSpanContribution, SpanClassifier, type ClassifiedSpan } from './contribution.js';
import type { ContributionGate } from './contribution-gate.js';
import type { ContributionNotes } from './contribution-notes.js';
import { ContributionSealer } from './contribution-sealer.js';
import { createContributionGate } from './create-contribution-gate.js';
import type { HandOver } from './hand-over.js';
import type { PairSource } from './pair-source.js';
import type { ProcessorSettings } from './processor-options.js';
import type { StrippedSpan } from './span-stripper.js';
import type { SpanView } from './span-view.js';
import { TotalsFlusher } from './totals-flusher.js';

export class SpanContributions {
  readonly #classifier: SpanClassifier;
  /** Key of the attribute that tells subjects apart; `undefined` where the plan's unit is the event. */
  readonly #subject: string | undefined;
  readonly #gate: ContributionGate;
  readonly #sealer: ContributionSealer;
  readonly #flusher: TotalsFlusher;
  readonly #drainTimeoutMillis: number;
  readonly #handOver: HandOver;
  readonly #notes: ContributionNotes;

  /** Starts to compute randomness at once. */
  constructor(settings: ProcessorSettings, source: PairSource, handOver: HandOver, notes: ContributionNotes) {
    const { plan, reports } = settings.plan;
    this.#classifier = new SpanClassifier(plan, reports);
    this.#subject = plan.privacy.bounds?.subject;
    this.#drainTimeoutMillis = settings.drainTimeoutMillis;
    this.#handOver = handOver;
    this.#notes = notes;
    this.#gate = createContributionGate(
      {
        plan,
        clock: systemClock,
        store: settings.contributionStore,
        counterLimit: settings.contributionCounterLimit,
        queueLimit: settings.queueLimit,
      },
      (outcome, report) => notes.noteVisit(outcome, report),
    );
    this.#sealer = new ContributionSealer(settings, source, (view, result, error) =>
      handOver.finish(view, result, error),
    );
    this.#flusher = new TotalsFlusher(this.#sealer, handOver, settings.flushMillis);
  }

  /** Spans waiting for randomness. */
  get queueSize(): number {
    return this.#sealer.queueSize;
  }

  /** Precomputed records held. */
  get poolSize(): number {
    return this.#sealer.poolSize;
  }

  ready(): Promise<void> {
    return this.#sealer.ready();
  }

  /** Hands the span on, now or when it has its envelope. `isClosing`: nothing is sealed any more. */
  contribute({ view, captured, report }: StrippedSpan, isClosing: boolean): void {
    if (report === undefined) {
      this.#handOver.finish(view, 'stripped');
    } else if (isClosing) {
      this.#handOver.finish(view, 'shutdown');
    } else if (
      isAlreadySealed(report, captured) ||
      this.#isSubjectTaken(captured) ||
      ENVELOPE_ATTRIBUTE in view.attributes
    ) {
      this.#handOver.finish(view, 'already_sealed');
    } else {
      const classified = this.#classifier.classify(report, captured, view.endTime);
      const subject = this.#subject === undefined ? undefined : captured.valueOf(this.#subject);
      const isCoalesced = report.report.mode === 'coalesced';
      // What is added up does not travel on this span.
      if (isCoalesced) this.#handOver.finish(view, 'coalesced');
      this.#gate.submit(classified, subject, (counted) => {
        if (isCoalesced) this.#addUp(counted, view);
        else this.#seal(counted, view);
      });
    }
  }

  /** Submits the totals added up so far. Never throws. */
  flush(): void {
    this.#flusher.flush();
  }

  /** Resolves once everything that waits now has been handed on, at the latest after twice the drain's timeout. */
  async drain(): Promise<void> {
    await this.#gate.drain(this.#drainTimeoutMillis);
    this.#flusher.flush();
    await this.#sealer.drain(this.#drainTimeoutMillis);
  }

  /** Drains, and forgets all randomness. */
  async close(): Promise<void> {
    this.#flusher.stopTimer();
    await this.drain();
    await this.#sealer.close();
  }

  #seal(classified: ClassifiedSpan, view: SpanView): void {
    try {
      this.#notes.noteValues(classified);
      this.#sealer.submit(view, perSpanContribution(classified));
    } catch (error) {
      this.#handOver.finish(view, 'seal_failed', error);
    }
  }

  #addUp(classified: ClassifiedSpan, { resource }: SpanView): void {
    try {
      this.#notes.noteValues(classified);
      this.#flusher.add(classified, resource);
    } catch (error) {
      this.#handOver.drop('seal_failed', error);
    }
  }

  /** Another sealing processor got hold of the subject first: all its spans would be one subject's. */
  #isSubjectTaken(captured: CapturedSpan): boolean {
    return this.#subject !== undefined && captured.isTaken(this.#subject);
  }
}
