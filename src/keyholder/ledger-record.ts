/** What the release service needs of a ledger. */
import type { LedgerPosition } from '../wire/release.js';
import type { EntryBody, ReservedBody, SealedBody } from './ledger-entry.js';
import type { LedgerState } from './ledger-state.js';
import type { Refusal } from './refusal-log.js';
import type { CellIdentity } from './release-id.js';

/** A release as far as it came. */
export interface LedgerRecord {
  /** Number of the entry that reserved it. */
  readonly sequence: number;
  readonly reserved: ReservedBody;
  /** Present once the outcome is fixed, with the position of that entry. */
  readonly sealed: { readonly outcome: SealedBody['outcome']; readonly position: LedgerPosition } | undefined;
  readonly published: boolean;
}

/** What can be asked of the entries so far, appended ones included. */
type LedgerDecisions = Pick<
  LedgerState,
  'accounts' | 'reservations' | 'newestTime' | 'isDisputed' | 'decideRelease' | 'decidePeriod'
>;

/** Every method throws `storage` after a failed write. */
export interface ReleaseLedger {
  /** Position of the last entry; sequence 0 before the first. */
  readonly head: LedgerPosition;
  /** False after a failed write: the state on disk is unknown until the ledger is opened again. */
  readonly usable: boolean;
  readonly state: LedgerDecisions;
  /** The release of this cell, whichever keys it was asked under. */
  find(cell: CellIdentity): LedgerRecord | undefined;
  /** Writes entries, which count from now on; they are durable, and may be acted on, after `commit()` only. */
  append(entries: readonly EntryBody[]): readonly LedgerPosition[];
  /** Keeps who was refused what, durable with the next commit. */
  refuse(refusals: readonly Refusal[]): void;
  /** Makes durable what was appended since the last commit: one transaction, one fsync. */
  commit(): void;
}
