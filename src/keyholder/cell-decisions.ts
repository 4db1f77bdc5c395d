/**
 * Decides, before anything is decrypted, what becomes of each cell of a window: refused, answered from the
 * ledger, or released now, with its budget granted or not; and appends what it decides. A cell that occurs twice in
 * one request is a cell asked for twice.
 */
import { formatRational } from '../math/rational.js';
import { mechanismParameter } from '../privacy/mechanism.js';
import type { CellAggregate, RefusalReason } from '../wire/release.js';
import type { BudgetRefusal } from './budget-decision.js';
import { limitsOfShare } from './budget-limits.js';
import { formatCost, formatLimit } from './ledger-amounts.js';
import type { ReservedBody } from './ledger-entry.js';
import type { LedgerRecord, ReleaseLedger } from './ledger-record.js';
import type { ReservedDraft } from './ledger-state.js';
import { shareOf } from './release-kind.js';
import type { AdmittedCell, AdmittedWindow, ReleasePolicy } from './release-policy.js';
import { reservePeriods } from './window-reservations.js';

/** One release: its decision, and how far an earlier request brought it. */
export interface Release {
  readonly cell: AdmittedCell;
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

  /** `at`: Unix seconds. */
  constructor(policy: ReleasePolicy, ledger: ReleaseLedger, window: AdmittedWindow, at: number) {
    this.#policy = policy;
    this.#ledger = ledger;
    this.#window = window;
    this.#at = at;
  }

  decide(aggregate: CellAggregate): CellDecision {
    const admission = this.#policy.admitCell(this.#window, aggregate);
    if (!admission.admitted) return { kind: 'refused', reason: admission.reason };
    const cell = admission.value;
    const record = this.#ledger.find(cell.identity);
    if (record === undefined) {
      // What is reserved may always be answered; what is not may come too late.
      if (this.#window.isTooOld) return { kind: 'refused', reason: 'range' };
      return { kind: 'release', release: this.#reserve(cell) };
    }
    // What conflicts must never be opened in the name of the release it conflicts with.
    if (!isSameRequest(record.reserved, cell)) return { kind: 'refused', reason: 'conflict' };
    return { kind: 'release', release: { cell, reserved: record.reserved, record, overBudget: undefined } };
  }

  #reserve(cell: AdmittedCell): Release {
    const { payment, refusal } = this.#payFor(cell);
    const draft = this.#draft(cell, payment);
    const decided = this.#ledger.state.decideRelease(draft);
    const reserved: ReservedBody = { ...draft, decision: decided.decision };
    this.#ledger.append([reserved]);
    return { cell, reserved, record: undefined, overBudget: decided.refusal ?? refusal };
  }

  #payFor({ terms, identity }: AdmittedCell): {
    readonly payment: ReservedBody['payment'];
    readonly refusal: BudgetRefusal | undefined;
  } {
    const share = shareOf(identity.kind);
    if (terms.isPaidPerPeriod) {
      const { reservations, refusal } = reservePeriods(this.#ledger, this.#window, share, this.#at);
      return { payment: { by: 'period', reservations }, refusal };
    }
    const limits = limitsOfShare(this.#window.terms.budget, share).map(formatLimit);
    return { payment: { by: 'release', cost: formatCost(terms.cost), limits }, refusal: undefined };
  }

  #draft({ identity, measurement, terms, ...cell }: AdmittedCell, payment: ReservedBody['payment']): ReservedDraft {
    const { privacy } = this.#window.terms.plan.plan;
    const { kind } = measurement.measurement;
    return {
      state: 'RESERVED',
      at: this.#at,
      releaseId: cell.releaseId,
      cell: { ...identity, labels: [...identity.labels], kids: [...identity.kids] },
      aggregateDigest: cell.aggregateDigest,
      domain: privacy.domain,
      unit: privacy.unit,
      period: privacy.period,
      share: shareOf(identity.kind),
      mechanism: privacy.mechanism ?? 'discrete-laplace',
      noise: terms.noise.map((mechanism, slot) => ({
        parameter: formatRational(mechanismParameter(mechanism)),
        bound: String(measurement.slotDetails[slot]?.bound ?? 0n),
      })),
      changes: kind === 'sum' || kind === 'product' ? 'all' : 'one',
      payment,
    };
  }
}

/** The same cell under the same keys with the same ciphertexts. */
function isSameRequest({ releaseId, aggregateDigest }: ReservedBody, cell: AdmittedCell): boolean {
  return releaseId === cell.releaseId && aggregateDigest === cell.aggregateDigest;
}
