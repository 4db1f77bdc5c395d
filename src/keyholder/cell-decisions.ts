/**
 * Decides, before anything is decrypted, what becomes of each cell of a window: refused, answered from the
 * ledger, or released now, with its budget granted or not. A cell that occurs twice in one request is a cell
 * asked for twice.
 */
import { formatRational } from '../math/rational.js';
import { MECHANISM } from '../privacy/calibration.js';
import { PrivacyBudget, type BudgetDecision } from '../privacy/privacy-budget.js';
import type { CellAggregate, RefusalReason } from '../wire/release.js';
import { periodStartOf } from './budget-period.js';
import type { ReservedBody } from './ledger-entry.js';
import type { LedgerRecord, ReleaseLedger } from './ledger-record.js';
import { cellIdOf } from './release-id.js';
import type { AdmittedCell, AdmittedWindow, ReleasePolicy } from './release-policy.js';

/** One release: its decision, and how far an earlier request brought it. */
export interface Release {
  readonly cell: AdmittedCell;
  readonly reserved: ReservedBody;
  /** What the ledger holds already; `undefined` where this request asks first. */
  readonly record: LedgerRecord | undefined;
  /** How the budget decided, where this request asks first. */
  readonly budget: BudgetDecision | undefined;
}

export type CellDecision =
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | { readonly kind: 'release'; readonly release: Release };

export class CellDecisions {
  readonly #policy: ReleasePolicy;
  readonly #ledger: ReleaseLedger;
  readonly #window: AdmittedWindow;
  readonly #budget: PrivacyBudget;
  readonly #releases = new Map<string, Release>();

  constructor(policy: ReleasePolicy, ledger: ReleaseLedger, window: AdmittedWindow) {
    this.#policy = policy;
    this.#ledger = ledger;
    this.#window = window;
    const { domain, period } = window.plan.plan.privacy;
    this.#budget = new PrivacyBudget(window.limit, ledger.spent(domain, period, periodStartOf(period, window.start)));
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
    // Only now: what conflicts must never be opened in the name of the release it conflicts with.
    const release = earlier ?? (record === undefined ? this.#reserve(cell) : resume(cell, record));
    this.#releases.set(cellId, release);
    return { kind: 'release', release };
  }

  #reserve(cell: AdmittedCell): Release {
    const budget = this.#budget.tryReserve(cell.epsilon);
    return { cell, reserved: this.#reservation(cell, budget), record: undefined, budget };
  }

  #reservation({ identity, ...cell }: AdmittedCell, { decision }: BudgetDecision): ReservedBody {
    const { domain, period } = this.#window.plan.plan.privacy;
    return {
      state: 'RESERVED',
      releaseId: cell.releaseId,
      cell: { ...identity, labels: [...identity.labels], kids: [...identity.kids] },
      aggregateDigest: cell.aggregateDigest,
      decision: decision === 'granted' ? 'granted' : 'budget',
      epsilon: formatRational(cell.epsilon),
      mechanism: MECHANISM,
      scales: cell.scales.map(formatRational),
      domain,
      period,
      periodStart: periodStartOf(period, identity.rangeStart),
      limit: formatRational(this.#window.limit),
    };
  }
}

function resume(cell: AdmittedCell, record: LedgerRecord): Release {
  return { cell, reserved: record.reserved, record, budget: undefined };
}

/** The same cell under the same keys with the same ciphertexts. */
function isSameRequest({ releaseId, aggregateDigest }: ReservedBody, cell: AdmittedCell): boolean {
  return releaseId === cell.releaseId && aggregateDigest === cell.aggregateDigest;
}
