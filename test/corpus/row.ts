/** One row of the corpus: an input, and what everything that sees it must answer. */
import type { Subject } from '../../src/proofs/membership-checks.js';
import type { RejectionReason } from '../../src/wire/rejection.js';

/** `rejected`: by whichever reason. */
export type Verdict = RejectionReason | 'accepted' | 'rejected';

/** What became of the envelopes of a request, in the receiver's counters. */
export interface Outcome {
  readonly accepted?: number;
  /** Accepted by every check, and counted before. */
  readonly duplicate?: number;
  readonly rejected?: Partial<Record<RejectionReason, number>>;
}

type Section = 'proof' | 'envelope' | 'batch' | 'range';

/** Something that can be sent: the text of one span attribute, or of several in one request. */
export interface SentRow {
  readonly section: Section;
  readonly name: string;
  /** Made afresh for every run, so that no server has seen it. */
  readonly texts: () => readonly string[];
  /** Of every text, or of each. */
  readonly verdicts: Verdict | readonly Verdict[];
  /** Where the server, which knows the time and what it has counted, says something else than the library. */
  readonly server?: Outcome;
}

/** Something that no envelope can say, because its fields have no room for it; a caller of the proofs can. */
export interface ObjectRow {
  readonly section: Section;
  readonly name: string;
  readonly subject: () => Subject;
  readonly verdict: Verdict;
}

/** The verdict of each text of a row. */
export function verdictsOf({ verdicts }: SentRow, texts: readonly string[]): readonly Verdict[] {
  return typeof verdicts === 'string' ? texts.map(() => verdicts) : verdicts;
}
