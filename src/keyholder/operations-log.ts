/**
 * What the operators may read: who asked for what and how it ended. The receiver's word on counts and
 * digests is here and nowhere else; no value, raw or noised, ever is.
 */
import { toBase64Url } from '../bytes.js';
import { formatRational } from '../math/rational.js';
import type { Logger } from '../service/logger.js';
import type {
  CellOutcome,
  SelectionOutcome,
  SelectionRequest,
  SelectionResponse,
  WindowReleaseRequest,
  WindowReleaseResponse,
} from '../wire/release.js';
import type { BudgetRefusal } from './budget-decision.js';
import type { Release } from './cell-decisions.js';

const WHY_NOT = {
  budget: 'a cell is suppressed: the budget of its period is spent',
  continuity: 'a cell is suppressed: its period was begun under other privacy terms, which end with it',
  burned: 'a cell is suppressed: it may have been released in ledger entries that are lost',
} as const;

export class OperationsLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** One line for the window; a refusal makes it a warning. */
  answered(peer: string, request: WindowReleaseRequest, { cells, budget }: WindowReleaseResponse): void {
    const entry = {
      event: 'window_answered',
      peer,
      ...describeWindow(request),
      budget,
      cells: request.cells.map(({ measurement, labels, count, digest }, index) => ({
        measurement,
        labels: mayBeNamed(cells[index]) ? labels : undefined,
        count,
        digest: toBase64Url(digest),
        ...describeOutcome(cells[index]),
      })),
    };
    const refused = cells.some(({ status }) => status === 'refused');
    if (refused) this.#logger.warn(entry, 'some cells of a window were refused');
    else this.#logger.info(entry, 'a window was answered');
  }

  /** One line for a selection; nothing of the keys that were asked for, not even how many there were. */
  selected(peer: string, request: SelectionRequest, { outcome, budget }: SelectionResponse): void {
    const entry = { event: 'keys_selected', peer, ...describeWindow(request), budget, ...describeOutcome(outcome) };
    if (outcome.status === 'refused') this.#logger.warn(entry, 'the selection of keys was refused');
    else this.#logger.info(entry, 'the keys of a window were selected');
  }

  /** A cell that is suppressed before anything was decrypted: on which limit, and when as much will be free. */
  notGranted(peer: string, { reserved, record, overBudget }: Release): void {
    const { decision, releaseId, domain } = reserved;
    if (record !== undefined || decision === 'granted') return;
    const limit = overBudget === undefined ? {} : describeRefusal(overBudget);
    this.#logger.warn({ event: `${decision}_refused`, peer, releaseId, domain, ...limit }, WHY_NOT[decision]);
  }

  /** Nothing new is released: `newest` is the time of the ledger's newest entry, Unix seconds. */
  clockBehind(peer: string, newest: number): void {
    this.#logger.error(
      { event: 'clock_behind', peer, newest: new Date(1000 * newest).toISOString() },
      'nothing new is released: the clock is behind the newest entry of the ledger',
    );
  }

  /** A release that could not be completed. The cause never carries a value: the generator of randomness failed. */
  failed(releaseId: string, error: unknown): void {
    this.#logger.error({ event: 'release_failed', releaseId, err: error }, 'a release failed; its budget stays spent');
  }

  /** Noise could not be drawn ahead; the release that needs it will fail by itself. */
  noiseFailed(error: unknown): void {
    this.#logger.error({ event: 'noise_failed', err: error }, 'noise could not be drawn ahead of time');
  }
}

function describeRefusal({ asked, spent, left, ...limit }: BudgetRefusal): object {
  return {
    ...limit,
    asked: asked && formatRational(asked),
    spent: spent && formatRational(spent),
    left: formatRational(left),
  };
}

/** A cell that is refused may have the key of an open label that nobody is to hear of. */
function mayBeNamed(outcome: CellOutcome | undefined): boolean {
  return outcome?.status !== 'refused';
}

function describeWindow({ planHash, report, windowStart, windowEnd }: Omit<WindowReleaseRequest, 'cells'>): object {
  return { plan: toBase64Url(planHash), report, windowStart, windowEnd };
}

function describeOutcome(outcome: CellOutcome | SelectionOutcome | undefined): object {
  switch (outcome?.status) {
    case 'released':
    case 'selected':
      return { status: outcome.status, releaseId: outcome.releaseId };
    case 'suppressed':
      return { status: outcome.status, reason: outcome.reason, releaseId: outcome.releaseId };
    case 'refused':
      return { status: outcome.status, reason: outcome.reason };
    case undefined:
      return {};
  }
}
