/** From outcomes that are on disk to what is answered. */
import type { CellOutcome, SelectionOutcome } from '../wire/release.js';
import type { CellDecision } from './cell-decisions.js';
import type { LedgerRecord } from './ledger-record.js';

export type SealedOutcome = NonNullable<LedgerRecord['sealed']>;
/** By release id. */
type SealedOutcomes = ReadonlyMap<string, SealedOutcome>;

export function cellOutcome(decision: CellDecision, sealed: SealedOutcomes): CellOutcome {
  const outcome = outcomeOf(decision, sealed);
  if (outcome.status === 'selected') throw new Error('a cell was answered with a selection');
  return outcome;
}

export function selectionOutcome(decision: CellDecision | undefined, sealed: SealedOutcomes): SelectionOutcome {
  const outcome = decision && outcomeOf(decision, sealed);
  if (outcome === undefined || outcome.status === 'released') throw new Error('a selection was answered with values');
  return outcome;
}

function outcomeOf(decision: CellDecision, sealed: SealedOutcomes): CellOutcome | SelectionOutcome {
  if (decision.kind === 'refused') return { status: 'refused', reason: decision.reason };
  const { releaseId } = decision.release.reserved;
  const found = sealed.get(releaseId);
  if (found === undefined) throw new Error('a release was decided but not sealed');
  const { outcome, position: ledger } = found;
  switch (outcome.status) {
    case 'released':
      return { status: 'released', releaseId, values: outcome.values.map(BigInt), ledger };
    case 'selected':
      return { status: 'selected', releaseId, keys: outcome.keys, ledger };
    case 'suppressed':
      return { status: 'suppressed', releaseId, reason: outcome.reason, ledger };
  }
}
