/**
 * Decides, before anything is decrypted, what becomes of each cell of a window: refused, answered from the
 * ledger, or released now, with its budget granted or not. A cell that occurs twice in one request is a cell
 * asked for twice.
 */
import { formatRational } from '../math/rational.js';
import { mechanismParameter } from '../privacy/mechanism.js';
import type { CellAggregate, RefusalReason } from '../wire/release.js';
import type { ReservedBody } from './ledger-entry.js';
import type { LedgerRecord, ReleaseLedger } from './ledger-record.js';
import { cellIdOf } from './release-id.js';
import type { AdmittedCell, AdmittedWindow, ReleasePolicy } from './release-policy.js';
import { WindowBudget, type BudgetRefusal } from './window-budget.js';

/** One release: its decision, and how far an earlier request brought it. */
export interface Release {
  readonly cell: AdmittedCell;
  readonly reserved: ReservedBody;
  /** What the ledger holds already; `undefined` where this request asks first. */
  readonly record: LedgerRecord | undefined;
  /** The account it did not fit, where this request asks first and was not granted. */
  readonly overBudget: BudgetRefusal | undefined;
}

export type CellDecision =
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | { readonly kind: 'release'; readonly release: Release };

export class CellDecisions {
  readonly #policy: ReleasePolicy;
  readonly #ledger: ReleaseLedger;
  readonly #window: AdmittedWindow;
  readonly #budget: WindowBudget;
  readonly #releases = new Map<string, Release>();

  constructor(policy: ReleasePolicy, ledger: ReleaseLedger, window: AdmittedWindow) {
    this.#policy = policy;
    this.#ledger = ledger;
    this.#window = window;
    const { domain } = window.plan.plan.privacy;
    this.#budget = new WindowBudget(window, window.limits, (period, start) => ledger.spent(domain, period, start));
  }

  /** Every release decided so far, each once, in the order of the request. */
  get releases(): readonly Release[] {
    return [...this.#releases.values()];
  }

  decide(aggregate: CellAggregate): CellDecision {
    const admission = this.#policy.admitCell(this.#window, aggregate);
    if (!admission.admitted) return { kind: 'refused', reason: admission.reason };
    const cell = admission.value;
    const cellId = cellIdOf(cell.identity);
    const earlier = this.#releases.get(cellId);
    const record = earlier === undefined ? this.#ledger.find(cell.identity) : undefined;
    const reserved = earlier?.reserved ?? record?.reserved;
    if (reserved !== undefined && !isSameRequest(reserved, cell)) return { kind: 'refused', reason: 'conflict' };
    // What is reserved may always be answered: it costs nothing more.
    if (reserved === undefined && this.#window.isTooOld) return { kind: 'refused', reason: 'range' };
    // Only now: what conflicts must never be opened in the name of the release it conflicts with.
    const release = earlier ?? (record === undefined ? this.#reserve(cell) : resume(cell, record));
    this.#releases.set(cellId, release);
    return { kind: 'release', release };
  }

  #reserve(cell: AdmittedCell): Release {
    const overBudget = this.#budget.tryReserve(cell.epsilon);
    const decision = overBudget === undefined ? 'granted' : 'budget';
    return { cell, reserved: this.#reservation(cell, decision), record: undefined, overBudget };
  }

  #reservation({ identity, ...cell }: AdmittedCell, decision: ReservedBody['decision']): ReservedBody {
    return {
      state: 'RESERVED',
      releaseId: cell.releaseId,
      cell: { ...identity, labels: [...identity.labels], kids: [...identity.kids] },
      aggregateDigest: cell.aggregateDigest,
      decision,
      epsilon: formatRational(cell.epsilon),
      mechanism: this.#window.plan.plan.privacy.mechanism ?? 'discrete-laplace',
      noise: cell.noise.map((mechanism) => formatRational(mechanismParameter(mechanism))),
      domain: this.#window.plan.plan.privacy.domain,
      limits: this.#window.limits.map(({ period, limit }) => ({ period, limit: formatRational(limit) })),
    };
  }
}

function resume(cell: AdmittedCell, record: LedgerRecord): Release {
  return { cell, reserved: record.reserved, record, overBudget: undefined };
}

/** The same cell under the same keys with the same ciphertexts. */
function isSameRequest({ releaseId, aggregateDigest }: ReservedBody, cell: AdmittedCell): boolean {
  return releaseId === cell.releaseId && aggregateDigest === cell.aggregateDigest;
}
