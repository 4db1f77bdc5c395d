/**
 * What the operators may read: who asked for what and how it ended. The receiver's word on counts and
 * digests is here and nowhere else; no value, raw or noised, ever is.
 */
import { toBase64Url } from '../bytes.js';
import { formatRational } from '../math/rational.js';
import type { Logger } from '../service/logger.js';
import type { CellOutcome, WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import type { Release } from './cell-decisions.js';

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
        labels,
        count,
        digest: toBase64Url(digest),
        ...describeOutcome(cells[index]),
      })),
    };
    const refused = cells.some(({ status }) => status === 'refused');
    if (refused) this.#logger.warn(entry, 'some cells of a window were refused');
    else this.#logger.info(entry, 'a window was answered');
  }

  /** The budget's side of a cell that it could not pay for. */
  overBudget(peer: string, { reserved, overBudget }: Release): void {
    if (overBudget === undefined) return;
    const { period, periodStart, asked, spent, left } = overBudget;
    this.#logger.warn(
      {
        event: 'budget_refused',
        peer,
        releaseId: reserved.releaseId,
        domain: reserved.domain,
        period,
        periodStart,
        asked: formatRational(asked),
        spent: formatRational(spent),
        left: formatRational(left),
      },
      'a cell is suppressed: the budget of its period is spent',
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

function describeWindow({ planHash, report, windowStart, windowEnd }: WindowReleaseRequest): object {
  return { plan: toBase64Url(planHash), report, windowStart, windowEnd };
}

function describeOutcome(outcome: CellOutcome | undefined): object {
  switch (outcome?.status) {
    case 'released':
      return { status: outcome.status, releaseId: outcome.releaseId };
    case 'suppressed':
      return { status: outcome.status, reason: outcome.reason, releaseId: outcome.releaseId };
    case 'refused':
      return { status: outcome.status, reason: outcome.reason };
    case undefined:
      return {};
  }
}
