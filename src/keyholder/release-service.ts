/**
 * Answers release requests: one noised outcome per cell for ever, whatever is asked and however often.
 * The order of the steps is the protection: everything is checked, then the budget is debited on disk, then
 * the aggregate is decrypted, then the outcome is on disk, and only then a byte of it leaves. One request
 * at a time.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';
import type { RandomBytes } from '../random.js';
import type { Logger } from '../service/logger.js';
import type { AggregateDecryptor, CellOutcome, WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import { budgetState, NO_BUDGET } from './budget-state.js';
import { CellDecisions, type CellDecision, type Release } from './cell-decisions.js';
import type { SealedBody } from './ledger-entry.js';
import type { LedgerRecord, ReleaseLedger } from './ledger-record.js';
import { NoiseSupply } from './noise-supply.js';
import { openCell } from './open-cell.js';
import { OperationsLog } from './operations-log.js';
import { ReleasePolicy, type AdmittedWindow, type PolicyOptions } from './release-policy.js';

export interface ReleaseServiceOptions extends PolicyOptions {
  readonly ledger: ReleaseLedger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

/** An outcome that is on disk. */
type SealedOutcome = NonNullable<LedgerRecord['sealed']>;

export class ReleaseService implements AggregateDecryptor {
  readonly #policy: ReleasePolicy;
  readonly #ledger: ReleaseLedger;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #noise: NoiseSupply;
  readonly #log: OperationsLog;
  /** Settles when the last accepted request is done. */
  #last: Promise<void>;
  #stopping = false;

  /** Throws `invalid_configuration` for plans beyond the ceilings or without a held key. */
  constructor(options: ReleaseServiceOptions) {
    this.#policy = new ReleasePolicy(options);
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = new OperationsLog(options.logger);
    this.#noise = new NoiseSupply(this.#policy.noiseDemand(), options.random, this.#log);
    this.#last = this.#noise.fill();
  }

  /**
   * Rejects with `unavailable` while stopping and with `storage` once a write to the ledger has failed; in
   * both cases asking again, after a restart, is safe.
   */
  releaseWindow(request: WindowReleaseRequest, peer = 'in process'): Promise<WindowReleaseResponse> {
    if (this.#stopping) return Promise.reject(stopping());
    const answer = this.#last.then(() => this.#release(request, peer));
    this.#last = answer.then(
      () => this.#noise.fill(),
      () => this.#noise.fill(),
    );
    return answer;
  }

  /** `undefined` while releases are served, else why not. */
  notServingBecause(): string | undefined {
    if (this.#stopping) return 'stopping';
    return this.#ledger.usable ? undefined : 'a write to the ledger failed: restart the key holder';
  }

  /** Lets accepted requests finish and accepts no more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#last;
  }

  async #release(request: WindowReleaseRequest, peer: string): Promise<WindowReleaseResponse> {
    const window = this.#policy.admitWindow(request, this.#clock());
    const response = window.admitted
      ? await this.#releaseCells(window.value, request, peer)
      : {
          cells: request.cells.map((): CellOutcome => ({ status: 'refused', reason: window.reason })),
          budget: NO_BUDGET,
        };
    this.#log.answered(peer, request, response);
    return response;
  }

  async #releaseCells(
    window: AdmittedWindow,
    request: WindowReleaseRequest,
    peer: string,
  ): Promise<WindowReleaseResponse> {
    const { decisions, releases } = await this.#decide(window, request);
    this.#reserve(releases, peer);
    const sealed = await this.#seal(releases);
    this.#publish(releases);
    return {
      cells: decisions.map((decision) => outcomeOf(decision, sealed)),
      budget: budgetState(window, this.#ledger),
    };
  }

  async #decide(
    window: AdmittedWindow,
    { cells }: WindowReleaseRequest,
  ): Promise<{ readonly decisions: readonly CellDecision[]; readonly releases: readonly Release[] }> {
    const deciding = new CellDecisions(this.#policy, this.#ledger, window);
    const decisions: CellDecision[] = [];
    for (const cell of cells) {
      decisions.push(deciding.decide(cell));
      await yieldToOthers();
    }
    return { decisions, releases: deciding.releases };
  }

  /** RESERVED: from here on the budget is spent, whatever happens. */
  #reserve(releases: readonly Release[], peer: string): void {
    const fresh = releases.filter(({ record }) => record === undefined);
    this.#ledger.append(fresh.map(({ reserved }) => reserved));
    for (const release of fresh) this.#log.overBudget(peer, release);
  }

  /**
   * SEALED: decrypts what no earlier request brought this far; nothing leaves before all of it is on disk.
   * Whoever crashed in between did not answer, so doing it again under the same debit is no second release.
   */
  async #seal(releases: readonly Release[]): Promise<ReadonlyMap<string, SealedOutcome>> {
    const bodies: SealedBody[] = [];
    for (const release of releases.filter(({ record }) => record?.sealed === undefined)) {
      bodies.push({ state: 'SEALED', releaseId: release.reserved.releaseId, outcome: this.#open(release) });
      await yieldToOthers();
    }
    const positions = this.#ledger.append(bodies);
    const known = releases.flatMap(({ reserved, record }): [string, SealedOutcome][] =>
      record?.sealed === undefined ? [] : [[reserved.releaseId, record.sealed]],
    );
    const fresh = positions.flatMap((position, index): [string, SealedOutcome][] => {
      const body = bodies[index];
      return body === undefined ? [] : [[body.releaseId, { outcome: body.outcome, position }]];
    });
    return new Map([...known, ...fresh]);
  }

  #open({ cell, reserved }: Release): SealedBody['outcome'] {
    if (reserved.decision === 'budget') return { status: 'suppressed', reason: 'budget' };
    try {
      return openCell(cell, this.#noise.pool, this.#random);
    } catch (error) {
      this.#log.failed(reserved.releaseId, error);
      return { status: 'suppressed', reason: 'error' };
    }
  }

  /** PUBLISHED: the outcomes are about to be handed out. */
  #publish(releases: readonly Release[]): void {
    const unpublished = releases.filter(({ record }) => record?.published !== true);
    this.#ledger.append(unpublished.map(({ reserved: { releaseId } }) => ({ state: 'PUBLISHED', releaseId })));
  }
}

function outcomeOf(decision: CellDecision, sealed: ReadonlyMap<string, SealedOutcome>): CellOutcome {
  if (decision.kind === 'refused') return { status: 'refused', reason: decision.reason };
  const { releaseId } = decision.release.reserved;
  const found = sealed.get(releaseId);
  if (found === undefined) throw new Error('a release was decided but not sealed');
  const { outcome, position: ledger } = found;
  return outcome.status === 'released'
    ? { status: 'released', releaseId, values: outcome.values.map(BigInt), ledger }
    : { status: 'suppressed', releaseId, reason: outcome.reason, ledger };
}

function stopping(): TelemetryKitError {
  return new TelemetryKitError('unavailable', 'the key holder is stopping', {
    fix: 'ask again once it has been started again',
  });
}
