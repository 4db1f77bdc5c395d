/**
 * Answers release requests: one noised outcome per cell for ever, whatever is asked and however often.
 * The order of the steps is the protection: everything is checked, then the budget is debited on disk, then
 * the aggregate is decrypted, then the outcome is on disk, and only then a byte of it leaves. Requests that wait
 * at the same time share these steps; nothing runs beside them.
 */
import type { Clock } from '../clock.js';
import { assertArgument, TelemetryKitError } from '../errors.js';
import type { RandomBytes } from '../random.js';
import type { Logger } from '../service/logger.js';
import type {
  AggregateDecryptor,
  SelectionRequest,
  SelectionResponse,
  WindowReleaseRequest,
  WindowReleaseResponse,
} from '../wire/release.js';
import { budgetState, NO_BUDGET } from './budget-state.js';
import type { CellDecision } from './cell-decisions.js';
import type { ReleaseLedger } from './ledger-record.js';
import { NoiseSupply } from './noise-supply.js';
import { OperationsLog } from './operations-log.js';
import { ReleasePolicy, type PolicyOptions } from './release-policy.js';
import { ReleaseSealing } from './release-sealing.js';
import { RequestDecisions, refusalsOf, releasesOf, type Asked, type Decided } from './request-decisions.js';
import { Rounds } from './rounds.js';
import { cellOutcome, selectionOutcome, type SealedOutcome } from './sealed-outcome.js';

export interface ReleaseServiceOptions extends PolicyOptions {
  readonly ledger: ReleaseLedger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  /** Goes on although the clock is behind the ledger's newest entry: the ledger's time was wrong. */
  readonly acceptClock?: boolean;
  /** Called when the outcomes of a round are on disk, before they leave. Must not throw. */
  readonly onDurable?: () => void;
}

type Answer = WindowReleaseResponse | SelectionResponse;

/** Cells of a round: some seconds of decryption at most, unless one request asks for more. */
const MAX_ROUND_CELLS = 256;

export class ReleaseService implements Required<AggregateDecryptor> {
  readonly #ledger: ReleaseLedger;
  readonly #decisions: RequestDecisions;
  readonly #sealing: ReleaseSealing;
  readonly #noise: NoiseSupply;
  readonly #log: OperationsLog;
  readonly #rounds: Rounds<Asked, Answer>;
  readonly #firstNoise: Promise<void>;
  readonly #onDurable: () => void;
  #stopping = false;

  /** Throws `invalid_configuration` for plans beyond the ceilings or without a held key. */
  constructor(options: ReleaseServiceOptions) {
    const { ledger, clock, random, logger, acceptClock = false } = options;
    const policy = new ReleasePolicy(options);
    const log = new OperationsLog(logger);
    this.#ledger = ledger;
    this.#log = log;
    this.#onDurable = options.onDurable ?? (() => undefined);
    this.#noise = new NoiseSupply(policy.noiseDemand(), random, log);
    this.#decisions = new RequestDecisions({ policy, ledger, clock, log, acceptClock });
    this.#sealing = new ReleaseSealing({ ledger, noise: this.#noise, random, log });
    this.#firstNoise = this.#noise.fill();
    this.#rounds = new Rounds({
      handle: (asked) => this.#answer(asked),
      weightOf: ({ request }) => ('cells' in request ? request.cells : request.keys).length,
      maxWeight: MAX_ROUND_CELLS,
      between: () => this.#noise.fill(),
    });
  }

  /**
   * Rejects with `unavailable` while stopping and with `storage` once a write to the ledger has failed; in
   * both cases asking again, after a restart, is safe; with `invalid_argument` for a report or time that is no whole number.
   */
  async releaseWindow(request: WindowReleaseRequest, peer = 'in process'): Promise<WindowReleaseResponse> {
    const answer = await this.#submit({ kind: 'cells', request, peer });
    if ('cells' in answer) return answer;
    throw otherAnswer();
  }

  /** Rejects as `releaseWindow` does. */
  async selectKeys(request: SelectionRequest, peer = 'in process'): Promise<SelectionResponse> {
    const answer = await this.#submit({ kind: 'selection', request, peer });
    if ('outcome' in answer) return answer;
    throw otherAnswer();
  }

  /** `undefined` while releases are served, else why not. */
  notServingBecause(): string | undefined {
    if (this.#stopping) return 'stopping';
    if (!this.#ledger.usable) return 'a write to the ledger failed: restart the key holder';
    return this.#decisions.isClockBehind()
      ? 'the clock is behind the newest entry of the ledger: set it right, or start with --accept-clock once'
      : undefined;
  }

  /** Does something while no request is being answered. */
  exclusively<Result>(action: () => Result): Promise<Result> {
    return this.#rounds.exclusively(action);
  }

  /** Lets accepted requests finish and accepts no more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#rounds.idle();
    await this.#firstNoise;
  }

  async #submit(asked: Asked): Promise<Answer> {
    if (this.#stopping) throw stopping();
    assertWholeNumbers(asked.request);
    return this.#rounds.submit(asked);
  }

  async #answer(asked: readonly Asked[]): Promise<Answer[]> {
    await this.#firstNoise;
    const decided = await this.#decisions.decide(asked);
    const releases = releasesOf(decided);
    // RESERVED: from here on the budget is spent, whatever happens.
    this.#ledger.commit();
    const sealed = await this.#sealing.seal(releases);
    // SEALED: nothing leaves before all of it is on disk.
    this.#ledger.commit();
    this.#sealing.publish(releases);
    this.#ledger.refuse(decided.flatMap(refusalsOf));
    this.#ledger.commit();
    this.#onDurable();
    return decided.map((each) => this.#respond(each, sealed));
  }

  #respond({ asked, window, cells }: Decided, sealed: ReadonlyMap<string, SealedOutcome>): Answer {
    const budget = window.admitted ? budgetState(window.value, this.#ledger) : NO_BUDGET;
    const refused: CellDecision[] = window.admitted ? [] : [{ kind: 'refused', reason: window.reason }];
    if (asked.kind === 'selection') {
      const [decision] = [...cells, ...refused];
      const response = { outcome: selectionOutcome(decision, sealed), budget };
      this.#log.selected(asked.peer, asked.request, response);
      return response;
    }
    const decisions = window.admitted ? cells : asked.request.cells.flatMap(() => refused);
    const response = { cells: decisions.map((decision) => cellOutcome(decision, sealed)), budget };
    this.#log.answered(asked.peer, asked.request, response);
    return response;
  }
}

/** On the wire they are; in process anything may come, and the ledger's columns take no fraction, even of a refusal. */
function assertWholeNumbers({ report, windowStart, windowEnd }: Asked['request']): void {
  const isWhole = [report, windowStart, windowEnd].every((value) => Number.isSafeInteger(value) && value >= 0);
  assertArgument(isWhole, 'a report or a time is not a whole number', 'pass positions from 0 and Unix seconds');
}

function otherAnswer(): Error {
  return new Error('a request was answered with what another one asked for');
}

function stopping(): TelemetryKitError {
  return new TelemetryKitError('unavailable', 'the key holder is stopping', {
    fix: 'ask again once it has been started again',
  });
}
