/**
 * Answers release requests: one noised outcome per cell for ever, whatever is asked and however often.
 * The order of the steps is the protection: everything is checked, then the budget is debited on disk, then
 * the aggregate is decrypted, then the outcome is on disk, and only then a byte of it leaves. Requests that wait
 * at the same time share these steps; nothing runs beside them.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { toBase64Url } from '../bytes.js';
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
import type { Admission } from './admission.js';
import { budgetState, NO_BUDGET } from './budget-state.js';
import { CellDecisions, type CellDecision, type Release } from './cell-decisions.js';
import type { ReleaseLedger } from './ledger-record.js';
import type { SealedBody } from './ledger-entry.js';
import { NoiseSupply } from './noise-supply.js';
import { openCell } from './open-cell.js';
import { openSelection } from './open-selection.js';
import { OperationsLog } from './operations-log.js';
import type { Refusal } from './refusal-log.js';
import { ReleasePolicy, type AdmittedWindow, type PolicyOptions } from './release-policy.js';
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

/** A request with what was decided about it. */
interface Decided {
  readonly asked: Asked;
  readonly window: Admission<AdmittedWindow>;
  readonly cells: readonly CellDecision[];
}

/** The cells of a window, or the selection of its keys before them. */
type Asked = (
  | { readonly kind: 'cells'; readonly request: WindowReleaseRequest }
  | { readonly kind: 'selection'; readonly request: SelectionRequest }
) & { readonly peer: string };

type Answer = WindowReleaseResponse | SelectionResponse;

/** Clocks are set by small steps now and then; more than this, and somebody or something is wrong. */
const CLOCK_TOLERANCE_SECONDS = 60;
/** Cells of a round: some seconds of decryption at most, unless one request asks for more. */
const MAX_ROUND_CELLS = 256;

export class ReleaseService implements Required<AggregateDecryptor> {
  readonly #policy: ReleasePolicy;
  readonly #ledger: ReleaseLedger;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #noise: NoiseSupply;
  readonly #log: OperationsLog;
  readonly #rounds: Rounds<Asked, Answer>;
  readonly #firstNoise: Promise<void>;
  readonly #acceptClock: boolean;
  readonly #onDurable: () => void;
  #stopping = false;

  /** Throws `invalid_configuration` for plans beyond the ceilings or without a held key. */
  constructor(options: ReleaseServiceOptions) {
    this.#policy = new ReleasePolicy(options);
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = new OperationsLog(options.logger);
    this.#acceptClock = options.acceptClock ?? false;
    this.#onDurable = options.onDurable ?? (() => undefined);
    this.#noise = new NoiseSupply(this.#policy.noiseDemand(), options.random, this.#log);
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
    return this.#isClockBehind()
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
    this.#ledger.refuse(decided.flatMap((each) => refusalsOf(each, this.#now())));
    this.#ledger.commit();
    this.#onDurable();
    return decided.map((each) => this.#respond(each, sealed));
  }

  async #decide(asked: readonly Asked[]): Promise<Decided[]> {
    const decided: Decided[] = [];
    for (const each of asked) {
      const window = this.#policy.admitWindow(each.request, this.#clock());
      const cells = window.admitted ? await this.#decideCells(window.value, each) : [];
      decided.push({ asked: each, window, cells });
    }
    return decided;
  }

  async #decideCells(window: AdmittedWindow, { kind, request, peer }: Asked): Promise<CellDecision[]> {
    const isClockBehind = this.#isClockBehind();
    if (isClockBehind) this.#log.clockBehind(peer, this.#ledger.state.newestTime);
    const acceptsNew = !window.isTooOld && !isClockBehind;
    const deciding = new CellDecisions(this.#policy, this.#ledger, window, { at: this.#now(), acceptsNew });
    const decisions: CellDecision[] = [];
    const decide = (decision: CellDecision): void => {
      if (decision.kind === 'release') this.#log.notGranted(peer, decision.release);
      decisions.push(decision);
    };
    if (kind === 'selection') decide(deciding.decideSelection(request));
    else {
      for (const cell of request.cells) {
        decide(deciding.decide(cell));
        await yieldToOthers();
      }
    }
    return decisions;
  }

  /** A clock that went back would let windows be asked for that are long over, and dates in the ledger lie. */
  #isClockBehind(): boolean {
    return !this.#acceptClock && this.#now() < this.#ledger.state.newestTime - CLOCK_TOLERANCE_SECONDS;
  }

  /** Unix seconds. */
  #now(): number {
    return Math.floor(this.#clock() / 1000);
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
      sealed.set(releaseId, release.record?.sealed ?? (await this.#sealOne(release)));
      await yieldToOthers();
    }
    return sealed;
  }

  async #sealOne(release: Release): Promise<SealedOutcome> {
    const { releaseId } = release.reserved;
    const outcome = await this.#open(release);
    const [position] = this.#ledger.append([{ state: 'SEALED', releaseId, outcome }]);
    if (position === undefined) throw new Error('an entry was appended without a position');
    return { outcome, position };
  }

  async #open({ admitted, reserved }: Release): Promise<SealedBody['outcome']> {
    if (reserved.decision === 'burned') return { status: 'suppressed', reason: 'error' };
    if (reserved.decision !== 'granted') return { status: 'suppressed', reason: 'budget' };
    try {
      const { pool } = this.#noise;
      return 'keys' in admitted
        ? await openSelection(admitted, pool, this.#random)
        : openCell(admitted, pool, this.#random);
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

/** Of one request each reason once. */
function refusalsOf({ asked: { request, peer }, window, cells }: Decided, at: number): Refusal[] {
  const reasons = window.admitted
    ? cells.flatMap((cell) => (cell.kind === 'refused' ? cell.reason : []))
    : [window.reason];
  const { report, windowStart, windowEnd } = request;
  const planHash = toBase64Url(request.planHash);
  return [...new Set(reasons)].map((reason) => ({ at, peer, reason, planHash, report, windowStart, windowEnd }));
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
