/**
 * Decides what becomes of the cells of whole requests: the window first, then each of its cells. What the clock says is
 * read once a request, so that no entry is older than the window it is about.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { toBase64Url } from '../bytes.js';
import type { Clock } from '../clock.js';
import type { SelectionRequest, WindowReleaseRequest } from '../wire/release.js';
import type { Admission } from './admission.js';
import { CellDecisions, type CellDecision, type Release } from './cell-decisions.js';
import type { ReleaseLedger } from './ledger-record.js';
import { isClockBehind } from './ledger-state.js';
import type { OperationsLog } from './operations-log.js';
import type { Refusal } from './refusal-log.js';
import type { AdmittedWindow, ReleasePolicy } from './release-policy.js';

/** The cells of a window, or the selection of its keys before them. */
export type Asked = (
  | { readonly kind: 'cells'; readonly request: WindowReleaseRequest }
  | { readonly kind: 'selection'; readonly request: SelectionRequest }
) & { readonly peer: string };

/** A request with what was decided about it. */
export interface Decided {
  readonly asked: Asked;
  /** Unix seconds. */
  readonly at: number;
  readonly window: Admission<AdmittedWindow>;
  readonly cells: readonly CellDecision[];
}

export interface RequestDecisionsOptions {
  readonly policy: ReleasePolicy;
  readonly ledger: ReleaseLedger;
  readonly clock: Clock;
  readonly log: OperationsLog;
  /** Goes on although the clock is behind the ledger's newest entry. */
  readonly acceptClock: boolean;
}

export class RequestDecisions {
  readonly #options: RequestDecisionsOptions;

  constructor(options: RequestDecisionsOptions) {
    this.#options = options;
  }

  /** Appends what it decides; nothing of it is durable yet. */
  async decide(asked: readonly Asked[]): Promise<Decided[]> {
    const decided: Decided[] = [];
    for (const each of asked) {
      const nowMillis = this.#options.clock();
      const at = Math.floor(nowMillis / 1000);
      const window = this.#options.policy.admitWindow(each.request, nowMillis);
      const cells = window.admitted ? await this.#decideCells(window.value, each, at) : [];
      decided.push({ asked: each, at, window, cells });
    }
    return decided;
  }

  /** A clock that went back would let windows be asked for that are long over, and dates in the ledger lie. */
  isClockBehind(at = Math.floor(this.#options.clock() / 1000)): boolean {
    const { acceptClock, ledger } = this.#options;
    return !acceptClock && isClockBehind(at, ledger.state.newestTime);
  }

  async #decideCells(window: AdmittedWindow, { kind, request, peer }: Asked, at: number): Promise<CellDecision[]> {
    const { policy, ledger, log } = this.#options;
    const clockBehind = this.isClockBehind(at);
    if (clockBehind) log.clockBehind(peer, ledger.state.newestTime);
    const acceptsNew = !window.isTooOld && !clockBehind;
    const deciding = new CellDecisions(policy, ledger, window, { at, acceptsNew });
    const decisions: CellDecision[] = [];
    const decide = (decision: CellDecision): void => {
      if (decision.kind === 'release') log.notGranted(peer, decision.release);
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
}

export function releasesOf(decided: readonly Decided[]): Release[] {
  return decided.flatMap(({ cells }) => cells.flatMap((cell) => (cell.kind === 'release' ? cell.release : [])));
}

/** Of one request each reason once. */
export function refusalsOf({ asked: { request, peer }, at, window, cells }: Decided): Refusal[] {
  const reasons = window.admitted
    ? cells.flatMap((cell) => (cell.kind === 'refused' ? cell.reason : []))
    : [window.reason];
  const { report, windowStart, windowEnd } = request;
  const planHash = toBase64Url(request.planHash);
  return [...new Set(reasons)].map((reason) => ({ at, peer, reason, planHash, report, windowStart, windowEnd }));
}
