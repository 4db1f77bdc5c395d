/**
 * Every span of a report passes it before it is sealed or added up: it goes on with its values, or as a span of
 * nothing where its subject has contributed enough. Which of the two it was must not show, so both leave at the same
 * moment and nothing here is counted outside `stats()`.
 */
import { classifyValue } from '../src/plan/classify.js';
import type { ClassifiedSpan } from './contribution.js';
import type { ContributionBounds } from './contribution-bounds.js';
import { openKeyOf, withKey, withoutKey } from './open-key.js';
import type { VisitOutcome } from './visit.js';

/** Takes the span on, with its values or without; must not throw. */
export type Proceed = (span: ClassifiedSpan) => void;

/** Hears of every visit once; must not throw. */
export type NoteVisit = (outcome: VisitOutcome, report: string) => void;

export interface ContributionGate {
  /** `subject`: the value of the subject's attribute. Proceeds exactly once, now or later. Never throws. */
  submit(span: ClassifiedSpan, subject: unknown, proceed: Proceed): void;
  /** Resolves once everything submitted before has gone on, after `timeoutMillis` without its values. */
  drain(timeoutMillis: number): Promise<void>;
}

/** The same span with every value absent, and no key: it is sealed like any other, and adds nothing. */
export function withoutValues(span: ClassifiedSpan): ClassifiedSpan {
  const values = span.report.measurements.map((measurement) => classifyValue(measurement, []));
  return { ...span, labels: withoutKey(span), values };
}

/** Unit `event` has no bounds: nobody is counted, every span goes on at once. */
export class OpenGate implements ContributionGate {
  submit(span: ClassifiedSpan, _subject: unknown, proceed: Proceed): void {
    proceed(span);
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }
}

/** Counts in memory, at once. */
export class MemoryGate implements ContributionGate {
  readonly #bounds: ContributionBounds;
  readonly #note: NoteVisit;

  constructor(bounds: ContributionBounds, note: NoteVisit) {
    this.#bounds = bounds;
    this.#note = note;
  }

  submit(span: ClassifiedSpan, subject: unknown, proceed: Proceed): void {
    const report = span.report.report.name;
    const visitor = { subject, report, windowStart: span.windowStart };
    const outcome = this.#bounds.admit(visitor);
    this.#note(outcome, report);
    if (outcome !== 'admitted') return proceed(withoutValues(span));
    const key = openKeyOf(span);
    proceed(key === undefined ? span : withKey(span, this.#bounds.touch(visitor, key)));
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }
}
