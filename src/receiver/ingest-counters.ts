/** What became of everything that arrived, since the process started. Raw counts: for operators only. */
import { REJECTION_REASONS, type RejectionReason } from '../wire/rejection.js';

export type RejectionCounts = Record<RejectionReason, number>;

/** All reasons, each 0. */
export function noRejections(): RejectionCounts {
  return Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, 0])) as RejectionCounts;
}

export class IngestCounters {
  /** Requests answered, by what they were told. */
  readonly requests = { success: 0, partial_success: 0, undecodable: 0, unavailable: 0 };
  /** Spans of answered requests, with and without an envelope. */
  spans = 0;
  /** Contributions counted. */
  accepted = 0;
  /** Contributions that were counted before, answered as success. */
  duplicate = 0;
  /** Contributions not counted. */
  readonly rejected: RejectionCounts = noRejections();

  addRejected(counts: RejectionCounts): void {
    for (const reason of REJECTION_REASONS) this.rejected[reason] += counts[reason];
  }
}
