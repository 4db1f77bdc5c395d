/** What the release service needs of a ledger. */
import type { Rational } from '../math/rational.js';
import type { Period } from '../plan/plan.js';
import type { LedgerPosition } from '../wire/release.js';
import type { EntryBody, ReservedBody, SealedBody } from './ledger-entry.js';
import type { CellIdentity } from './release-id.js';

/** A release as far as it came. */
export interface LedgerRecord {
  readonly reserved: ReservedBody;
  /** Present once the outcome is fixed, with the position of that entry. */
  readonly sealed: { readonly outcome: SealedBody['outcome']; readonly position: LedgerPosition } | undefined;
  readonly published: boolean;
}

/** Every method throws `storage` after a failed write. */
export interface ReleaseLedger {
  /** Position of the last entry; sequence 0 before the first. */
  readonly head: LedgerPosition;
  /** False after a failed write: the state on disk is unknown until the ledger is opened again. */
  readonly usable: boolean;
  /** The release of this cell, whichever keys it was asked under. */
  find(cell: CellIdentity): LedgerRecord | undefined;
  /** Epsilon debited in this period. */
  spent(domain: string, period: Period, periodStart: number): Rational;
  /** One transaction, durable when it returns; positions in the order of the entries. */
  append(entries: readonly EntryBody[]): readonly LedgerPosition[];
}
