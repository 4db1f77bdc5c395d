/**
 * Decides, before anything is decrypted, what becomes of each cell of a window: refused, answered from the
 * ledger, or released now, with its budget granted or not; and appends what it decides. A cell that occurs twice in
 * one request is a cell asked for twice.
 */
import { OTHER_KEY } from '../plan/labels.js';
import type { CellAggregate, RefusalReason, SelectionRequest } from '../wire/release.js';
import type { Admission } from './admission.js';
import type { BudgetRefusal } from './budget-decision.js';
import { limitsOfShare } from './budget-limits.js';
import { formatCost, formatLimit } from './ledger-amounts.js';
import type { ReservedBody } from './ledger-entry.js';
import type { LedgerRecord, ReleaseLedger } from './ledger-record.js';
import { draftOf } from './release-draft.js';
import { selectionFor } from './release-id.js';
import { shareOf } from './release-kind.js';
import {
  rangeOf,
  type AdmittedCell,
  type AdmittedSelection,
  type AdmittedWindow,
  type ReleasePolicy,
} from './release-policy.js';
import { reservePeriods, type Payment } from './window-reservations.js';

/** One release: its decision, and how far an earlier request brought it. */
export interface Release {
  readonly admitted: AdmittedCell | AdmittedSelection;
  readonly reserved: ReservedBody;
  /** What the ledger held before this request; `undefined` where it asks first. */
  readonly record: LedgerRecord | undefined;
  /** The limit it did not fit, where this request asks first. */
  readonly overBudget: BudgetRefusal | undefined;
}

export type CellDecision =
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | { readonly kind: 'release'; readonly release: Release };

export class CellDecisions {
  readonly #policy: ReleasePolicy;
  readonly #ledger: ReleaseLedger;
  readonly #window: AdmittedWindow;
  readonly #at: number;
  readonly #acceptsNew: boolean;
  /** Values of the report's open label that may be published; none before its keys are selected. */
  readonly #published: ReadonlySet<string>;

  /** `at`: Unix seconds. `acceptsNew`: whether what is asked for the first time may be released. */
  constructor(
    policy: ReleasePolicy,
    ledger: ReleaseLedger,
    window: AdmittedWindow,
    { at, acceptsNew }: { readonly at: number; readonly acceptsNew: boolean },
  ) {
    this.#policy = policy;
    this.#ledger = ledger;
    this.#window = window;
    this.#at = at;
    this.#acceptsNew = acceptsNew;
    this.#published = publishedKeys(ledger, window);
  }

  decide(aggregate: CellAggregate): CellDecision {
    return this.#decide(this.#policy.admitCell(this.#window, aggregate, this.#published));
  }

  decideSelection(request: SelectionRequest): CellDecision {
    return this.#decide(this.#policy.admitSelection(this.#window, request));
  }

  #decide(admission: Admission<AdmittedCell | AdmittedSelection>): CellDecision {
    if (!admission.admitted) return { kind: 'refused', reason: admission.reason };
    const admitted = admission.value;
    const record = this.#ledger.find(admitted.identity);
    if (record === undefined) {
      // What is reserved may always be answered; what is not may come too late.
      if (!this.#acceptsNew) return { kind: 'refused', reason: 'range' };
      return { kind: 'release', release: this.#reserve(admitted) };
    }
    // What conflicts must never be opened in the name of the release it conflicts with.
    if (this.#ledger.state.isDisputed(record.sequence) || !isSameRequest(record.reserved, admitted))
      return { kind: 'refused', reason: 'conflict' };
    return { kind: 'release', release: { admitted, reserved: record.reserved, record, overBudget: undefined } };
  }

  #reserve(admitted: AdmittedCell | AdmittedSelection): Release {
    const { payment, refusal } = this.#payFor(admitted);
    const draft = draftOf(this.#window, admitted, payment, this.#at);
    const decided = this.#ledger.state.decideRelease(draft);
    const reserved: ReservedBody = { ...draft, decision: decided.decision };
    this.#ledger.append([reserved]);
    return { admitted, reserved, record: undefined, overBudget: decided.refusal ?? refusal };
  }

  #payFor(admitted: AdmittedCell | AdmittedSelection): Payment {
    const share = shareOf(admitted.identity.kind);
    if ('keys' in admitted || admitted.terms.isPaidPerPeriod) {
      return reservePeriods(this.#ledger, this.#window, share, this.#at);
    }
    const limits = limitsOfShare(this.#window.terms.budget, share).map(formatLimit);
    return { payment: { by: 'release', cost: formatCost(admitted.terms.cost), limits }, refusal: undefined };
  }
}

/** The same cell under the same keys with the same ciphertexts. */
function isSameRequest(
  { releaseId, aggregateDigest }: ReservedBody,
  admitted: AdmittedCell | AdmittedSelection,
): boolean {
  return releaseId === admitted.releaseId && aggregateDigest === admitted.aggregateDigest;
}

/** The selected keys of an open label, and `__other__`, once the selection is on disk; nothing of closed ones. */
function publishedKeys(ledger: ReleaseLedger, window: AdmittedWindow): ReadonlySet<string> {
  if (window.report.openLabel === undefined) return new Set();
  const outcome = ledger.find(selectionFor(rangeOf(window)))?.sealed?.outcome;
  if (outcome === undefined) return new Set();
  return new Set([...(outcome.status === 'selected' ? outcome.keys : []), OTHER_KEY]);
}
