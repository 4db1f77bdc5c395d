/**
 * Answers release requests: one noised outcome per cell for ever, whatever is asked and however often.
 * The order of the steps is the protection: everything is checked, then the budget is debited on disk, then
 * the aggregate is decrypted, then the outcome is on disk, and only then a byte of it leaves. Requests that wait
 * at the same time share these steps; nothing runs beside them.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';
import type { RandomBytes } from '../random.js';
import type { Logger } from '../service/logger.js';
import type { AggregateDecryptor, CellOutcome, WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import { budgetState, NO_BUDGET } from './budget-state.js';
import { CellDecisions, type CellDecision, type Release } from './cell-decisions.js';
import type { LedgerRecord, ReleaseLedger } from './ledger-record.js';
import type { SealedBody } from './ledger-entry.js';
import { NoiseSupply } from './noise-supply.js';
import { openCell } from './open-cell.js';
import { OperationsLog } from './operations-log.js';
import { ReleasePolicy, type Admission, type AdmittedWindow, type PolicyOptions } from './release-policy.js';
import { Rounds } from './rounds.js';

export interface ReleaseServiceOptions extends PolicyOptions {
  readonly ledger: ReleaseLedger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

/** A request with what was decided about it. */
interface Decided {
  readonly asked: AskedWindow;
  readonly window: Admission<AdmittedWindow>;
  readonly cells: readonly CellDecision[];
}

interface AskedWindow {
  readonly request: WindowReleaseRequest;
  readonly peer: string;
}

/** An outcome that is on disk. */
type SealedOutcome = NonNullable<LedgerRecord['sealed']>;

/** Cells of a round: some seconds of decryption at most, unless one request asks for more. */
const MAX_ROUND_CELLS = 256;

export class ReleaseService implements AggregateDecryptor {
  readonly #policy: ReleasePolicy;
  readonly #ledger: ReleaseLedger;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #noise: NoiseSupply;
  readonly #log: OperationsLog;
  readonly #rounds: Rounds<AskedWindow, WindowReleaseResponse>;
  readonly #firstNoise: Promise<void>;
  #stopping = false;

  /** Throws `invalid_configuration` for plans beyond the ceilings or without a held key. */
  constructor(options: ReleaseServiceOptions) {
    this.#policy = new ReleasePolicy(options);
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = new OperationsLog(options.logger);
    this.#noise = new NoiseSupply(this.#policy.noiseDemand(), options.random, this.#log);
    this.#firstNoise = this.#noise.fill();
    this.#rounds = new Rounds({
      handle: (asked) => this.#answer(asked),
      weightOf: ({ request }) => request.cells.length,
      maxWeight: MAX_ROUND_CELLS,
      between: () => this.#noise.fill(),
    });
  }

  /**
   * Rejects with `unavailable` while stopping and with `storage` once a write to the ledger has failed; in
   * both cases asking again, after a restart, is safe.
   */
  async releaseWindow(request: WindowReleaseRequest, peer = 'in process'): Promise<WindowReleaseResponse> {
    if (this.#stopping) throw stopping();
    return this.#rounds.submit({ request, peer });
  }

  /** `undefined` while releases are served, else why not. */
  notServingBecause(): string | undefined {
    if (this.#stopping) return 'stopping';
    return this.#ledger.usable ? undefined : 'a write to the ledger failed: restart the key holder';
  }

  /** Lets accepted requests finish and accepts no more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#rounds.idle();
    await this.#firstNoise;
  }

  async #answer(asked: readonly AskedWindow[]): Promise<WindowReleaseResponse[]> {
    await this.#firstNoise;
    const decided = await this.#decide(asked);
    const releases = decided.flatMap(({ cells }) =>
      cells.flatMap((cell) => (cell.kind === 'release' ? cell.release : [])),
    );
    // RESERVED: from here on the budget is spent, whatever happens.
    this.#ledger.commit();
    const sealed = await this.#seal(releases);
    // SEALED: nothing leaves before all of it is on disk.
    this.#ledger.commit();
    this.#publish(releases);
    this.#ledger.commit();
    return decided.map((each) => this.#respond(each, sealed));
  }

  async #decide(asked: readonly AskedWindow[]): Promise<Decided[]> {
    const decided: Decided[] = [];
    for (const each of asked) {
      const window = this.#policy.admitWindow(each.request, this.#clock());
      const cells = window.admitted ? await this.#decideCells(window.value, each) : [];
      decided.push({ asked: each, window, cells });
    }
    return decided;
  }

  async #decideCells(window: AdmittedWindow, { request, peer }: AskedWindow): Promise<CellDecision[]> {
    const at = Math.floor(this.#clock() / 1000);
    const deciding = new CellDecisions(this.#policy, this.#ledger, window, at);
    const decisions: CellDecision[] = [];
    for (const cell of request.cells) {
      const decision = deciding.decide(cell);
      if (decision.kind === 'release') this.#log.notGranted(peer, decision.release);
      decisions.push(decision);
      await yieldToOthers();
    }
    return decisions;
  }

  /**
   * Decrypts what no earlier request brought this far. Whoever crashed in between did not answer, so doing it again
   * under the same debit is no second release.
   */
  async #seal(releases: readonly Release[]): Promise<ReadonlyMap<string, SealedOutcome>> {
    const sealed = new Map<string, SealedOutcome>();
    for (const release of releases) {
      const { releaseId } = release.reserved;
      if (sealed.has(releaseId)) continue;
      sealed.set(releaseId, release.record?.sealed ?? this.#sealOne(release));
      await yieldToOthers();
    }
    return sealed;
  }

  #sealOne(release: Release): SealedOutcome {
    const { releaseId } = release.reserved;
    const outcome = this.#open(release);
    const [position] = this.#ledger.append([{ state: 'SEALED', releaseId, outcome }]);
    if (position === undefined) throw new Error('an entry was appended without a position');
    return { outcome, position };
  }

  #open({ cell, reserved }: Release): SealedBody['outcome'] {
    if (reserved.decision === 'burned') return { status: 'suppressed', reason: 'error' };
    if (reserved.decision !== 'granted') return { status: 'suppressed', reason: 'budget' };
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
    const ids = new Set(unpublished.map(({ reserved }) => reserved.releaseId));
    this.#ledger.append([...ids].map((releaseId) => ({ state: 'PUBLISHED', releaseId })));
  }

  #respond(
    { asked: { request, peer }, window, cells }: Decided,
    sealed: ReadonlyMap<string, SealedOutcome>,
  ): WindowReleaseResponse {
    const response = window.admitted
      ? { cells: cells.map((cell) => outcomeOf(cell, sealed)), budget: budgetState(window.value, this.#ledger) }
      : {
          cells: request.cells.map((): CellOutcome => ({ status: 'refused', reason: window.reason })),
          budget: NO_BUDGET,
        };
    this.#log.answered(peer, request, response);
    return response;
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
