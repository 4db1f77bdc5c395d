/**
 * Asks the key holder for closed windows, the oldest first, with the bytes the store holds, until it answers: of
 * those with an open label first which keys may be published, then for all cells. While it is out of reach nothing is asked, for up to a minute at a time; a window that fails for
 * reasons of its own waits alone and does not hold up the others. Only of a report with running totals later
 * windows wait with it: a total is decoded from all earlier releases of its period.
 */
import type { WindowKey, WorkState } from '../aggregation/store.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import { MAX_CELLS } from '../wire/release-request-message.js';
import { Backoff } from './backoff.js';
import { assertAnswers, assertClocksAgree, reportRefusals } from './check-answer.js';
import { selectKeys, type KeySelectionOptions } from './key-selection.js';
import { decodeAnswer, totalsOf } from './period-totals.js';

export interface ReleaserOptions extends KeySelectionOptions {
  readonly plans: readonly CompiledPlan[];
}

/** One step of a window towards its release. */
type Step = (plan: CompiledPlan, window: WindowKey, now: number) => Promise<void>;

export class Releaser {
  readonly #options: ReleaserOptions;
  readonly #plans: ReadonlyMap<string, CompiledPlan>;
  /** Of the key holder; `undefined` while it answers. */
  #unreachable: Backoff | undefined;
  /** Of windows that failed although the key holder answers. */
  readonly #failed = new Map<string, Backoff>();
  #closed = false;
  #abandon: (reason: Error) => void = () => undefined;
  readonly #abandoned: Promise<never>;
  /** Requests sent to the key holder, and those that brought no answer. */
  readonly attempts = { succeeded: 0, failed: 0 };
  /** Whether the key holder answered the last request; `undefined` before the first. */
  reachable: boolean | undefined;

  constructor(options: ReleaserOptions) {
    this.#options = options;
    this.#plans = new Map(options.plans.map((plan) => [plan.hashText, plan]));
    this.#abandoned = new Promise((_, reject) => {
      this.#abandon = reject;
    });
    this.#abandoned.catch(() => undefined);
  }

  /** One attempt for every window that is due, until the key holder turns out to be out of reach. */
  async releasePending(now: number): Promise<void> {
    if (this.#unreachable?.isOver(now) === false) return;
    const { store } = this.#options;
    const select: Step = (...step) => this.#select(...step);
    const release: Step = (...step) => this.#release(...step);
    const goOn = await this.#attemptAll(await store.unselected(), now, 'selecting', select);
    if (goOn) await this.#attemptAll(await store.unanswered(), now, 'aggregated', release);
  }

  /** An answer that is still on its way is dropped: the same question brings it again. */
  close(): void {
    this.#closed = true;
    this.#abandon(new Error('the receiver is closing'));
  }

  /** Returns whether there is any use in asking for more. */
  async #attemptAll(windows: readonly WindowKey[], now: number, state: WorkState, step: Step): Promise<boolean> {
    const heldUp = new Set<string>();
    for (const window of windows) {
      const plan = this.#plans.get(window.planHash);
      if (plan === undefined || heldUp.has(reportOf(window))) continue;
      const waits = this.#failed.get(nameOf(window))?.isOver(now) === false;
      const answered = !waits && (await this.#attempt(plan, window, now, state, step));
      if (this.#closed || (!waits && this.reachable === false)) return false;
      if (!answered && hasTotals(plan, window)) heldUp.add(reportOf(window));
    }
    return true;
  }

  /** Returns whether the step is done now; not where another receiver is at it, or has done it meanwhile. */
  async #attempt(plan: CompiledPlan, window: WindowKey, now: number, state: WorkState, step: Step): Promise<boolean> {
    try {
      const done = await this.#options.store.exclusively(window, state, async () => {
        await step(plan, window, now);
        return true;
      });
      if (done === true) this.attempts.succeeded += 1;
      this.#failed.delete(nameOf(window));
      return done === true;
    } catch (error) {
      if (this.#closed) return false;
      this.attempts.failed += 1;
      const retryInSeconds = this.reachable === false ? this.#waitForKeyHolder(now) : this.#waitFor(window, now);
      this.#options.logger.warn(
        { err: error, windowStart: window.windowStart, retryInSeconds },
        'a window could not be released yet; contributions are taken meanwhile',
      );
      return false;
    }
  }

  #select(plan: CompiledPlan, window: WindowKey, now: number): Promise<void> {
    return selectKeys(this.#options, plan, window, now, (call) => this.#ask(call));
  }

  async #release(plan: CompiledPlan, window: WindowKey, now: number): Promise<void> {
    const { store, logger } = this.#options;
    const request = await store.releaseRequest(window);
    const response = await this.#askForCells(request);
    assertAnswers(plan, request, response);
    assertClocksAgree(request.windowEnd, response.cells, now);
    reportRefusals(logger, plan, window, response.cells);
    await store.storeAnswer(window, response, await decodeAnswer(store, plan, window, request, response));
  }

  /** So many at once as one request takes; only windows with an open label have more. */
  async #askForCells(request: WindowReleaseRequest): Promise<WindowReleaseResponse> {
    const { decryptor } = this.#options;
    const cells = request.cells.slice(0, MAX_CELLS);
    const first = await this.#ask(() => decryptor.releaseWindow({ ...request, cells }));
    const rest = request.cells.slice(MAX_CELLS);
    if (rest.length === 0) return first;
    const last = await this.#askForCells({ ...request, cells: rest });
    return { cells: [...first.cells, ...last.cells], budget: last.budget };
  }

  async #ask<Response>(call: () => Promise<Response>): Promise<Response> {
    try {
      const response = await Promise.race([call(), this.#abandoned]);
      this.reachable = true;
      this.#unreachable = undefined;
      return response;
    } catch (error) {
      // By its code: a decryptor of a user's own may throw an error of its own class.
      this.reachable = (error as { code?: unknown }).code !== 'unavailable';
      throw error;
    }
  }

  #waitForKeyHolder(now: number): number {
    this.#unreachable ??= new Backoff();
    return this.#unreachable.fail(now);
  }

  #waitFor(window: WindowKey, now: number): number {
    const backoff = this.#failed.get(nameOf(window)) ?? new Backoff();
    this.#failed.set(nameOf(window), backoff);
    return backoff.fail(now);
  }
}

function nameOf({ planHash, report, windowStart }: WindowKey): string {
  return [planHash, report, windowStart].join(' ');
}

function reportOf({ planHash, report }: WindowKey): string {
  return [planHash, report].join(' ');
}

function hasTotals({ reports }: CompiledPlan, { report }: WindowKey): boolean {
  const compiled = reports[report];
  return compiled !== undefined && totalsOf(compiled).length > 0;
}
