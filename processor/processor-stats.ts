/** What became of every span and every value: plain counts, all reasons present from the start. */
import { VALUE_OUTCOMES, type ValueOutcome } from '../src/plan/classify.js';
import { VISIT_OUTCOMES, type VisitOutcome } from './visit.js';

/** Why a contribution was lost. The span itself goes on without it, except for the last two. */
export const DROP_REASONS = [
  'queue_full', // too many spans wait for randomness
  'no_randomness', // none can be computed at present
  'flush_timeout', // a flush ended before randomness came
  'shutdown', // the span ended after shutdown
  'already_sealed', // another sealing processor handled the span first
  'seal_failed', // an unexpected error; logged once
  'view_failed', // the span could not be stripped, so it was not handed on
  'inner_failed', // the inner processor threw
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export interface SpanCounts {
  /** Nothing to take out and of no report: handed on as they were. */
  readonly untouched: number;
  /** Handed on with an envelope. */
  readonly sealed: number;
  /** Of coalesced reports: handed on without their values, which were added to local totals. */
  readonly coalesced: number;
  /** Handed on without their sealed attributes; unsampled or of no report. */
  readonly stripped: number;
  /** Whose contribution was lost, by reason; a lost flush counts every span it added up. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** That ended before their values could be overwritten for other processors: no onEnding, or it failed. */
  readonly unprotected: number;
}

export interface ProcessorSnapshot {
  readonly spans: SpanCounts;
  /** Coalesced envelopes handed on. */
  readonly flushes: number;
  /** Values sealed, by what they count as. Exact counts of sensitive values: never send them anywhere. */
  readonly values: Readonly<Record<ValueOutcome, number>>;
  /** Of plans with contribution bounds: spans of reports, by what they count as. Never send them anywhere. */
  readonly visits: Readonly<Record<VisitOutcome, number>>;
  /** Spans waiting for randomness. */
  readonly queueSize: number;
  /** Precomputed records held. */
  readonly poolSize: number;
}

export class ProcessorStats {
  untouched = 0;
  sealed = 0;
  coalesced = 0;
  flushes = 0;
  stripped = 0;
  unprotected = 0;
  readonly dropped: Record<DropReason, number> = zeros(DROP_REASONS);
  readonly values: Record<ValueOutcome, number> = zeros(VALUE_OUTCOMES);
  readonly visits: Record<VisitOutcome, number> = zeros(VISIT_OUTCOMES);

  /** Most values are measured: one place in memory, found without its name. */
  countValue(outcome: ValueOutcome): void {
    if (outcome === 'measured') this.values.measured += 1;
    else this.values[outcome] += 1;
  }

  snapshot(queueSize: number, poolSize: number): ProcessorSnapshot {
    const { untouched, sealed, coalesced, stripped, unprotected } = this;
    return {
      spans: { untouched, sealed, coalesced, stripped, unprotected, dropped: { ...this.dropped } },
      flushes: this.flushes,
      values: { ...this.values },
      visits: { ...this.visits },
      queueSize,
      poolSize,
    };
  }
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
