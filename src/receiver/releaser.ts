/**
 * Asks the key holder for aggregated windows, the oldest first, with the bytes the store holds, until it
 * answers. While it is out of reach nothing is asked, for up to a minute at a time; a window that fails for
 * reasons of its own waits alone and does not hold up the others. Only of a report with running totals later
 * windows wait with it: a total is decoded from all earlier releases of its period.
 */
import type { Store, WindowKey } from '../aggregation/store.js';
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { Logger } from '../service/logger.js';
import type { AggregateDecryptor, WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import { Backoff } from './backoff.js';
import { decodeAnswer, totalsOf } from './period-totals.js';

export interface ReleaserOptions {
  readonly plans: readonly CompiledPlan[];
  readonly store: Store;
  readonly decryptor: AggregateDecryptor;
  readonly logger: Logger;
}

/** How long "the window is not over" is taken for a clock that runs behind, and asked again. */
const RANGE_PATIENCE_SECONDS = 600;

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
    const heldUp = new Set<string>();
    for (const window of await this.#options.store.unanswered()) {
      const plan = this.#plans.get(window.planHash);
      if (plan === undefined || heldUp.has(reportOf(window))) continue;
      const waits = this.#failed.get(nameOf(window))?.isOver(now) === false;
      const answered = !waits && (await this.#attempt(plan, window, now));
      if (this.#closed || this.reachable === false) return;
      if (!answered && hasTotals(plan, window)) heldUp.add(reportOf(window));
    }
  }

  /** An answer that is still on its way is dropped: the same question brings it again. */
  close(): void {
    this.#closed = true;
    this.#abandon(new Error('the receiver is closing'));
  }

  /** Returns whether the window is answered now. */
  async #attempt(plan: CompiledPlan, window: WindowKey, now: number): Promise<boolean> {
    try {
      await this.#release(plan, window, now);
      this.attempts.succeeded += 1;
      this.#failed.delete(nameOf(window));
      return true;
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

  async #release(plan: CompiledPlan, window: WindowKey, now: number): Promise<void> {
    const { store } = this.#options;
    const request = await store.releaseRequest(window);
    const response = await this.#ask(request);
    this.#assertFits(window, request, response);
    if (this.#isClockBehind(request, response, now)) throw notOverYet();
    this.#reportRefusals(window, response);
    await store.storeAnswer(window, response, await decodeAnswer(store, plan, window, request, response));
  }

  async #ask(request: WindowReleaseRequest): Promise<WindowReleaseResponse> {
    try {
      const response = await Promise.race([this.#options.decryptor.releaseWindow(request), this.#abandoned]);
      this.reachable = true;
      this.#unreachable = undefined;
      return response;
    } catch (error) {
      // By its code: a decryptor of a user's own may throw an error of its own class.
      this.reachable = (error as { code?: unknown }).code !== 'unavailable';
      throw error;
    }
  }

  /** A user's decryptor may be wrong; a wrong answer must not become a release. */
  #assertFits({ planHash, report }: WindowKey, { cells }: WindowReleaseRequest, response: WindowReleaseResponse): void {
    const measurements = this.#plans.get(planHash)?.reports[report]?.measurements ?? [];
    const fits =
      response.cells.length === cells.length &&
      response.cells.every((outcome, index) => {
        const slots = measurements[cells[index]?.measurement ?? -1]?.slots.length;
        return outcome.status !== 'released' || outcome.values.length === slots;
      });
    if (fits) return;
    throw new TelemetryKitError('unavailable', 'the key holder answered something other than was asked', {
      fix: 'run the same version of telemetry-kit on both sides',
    });
  }

  #isClockBehind({ windowEnd }: WindowReleaseRequest, { cells }: WindowReleaseResponse, now: number): boolean {
    const refused = cells.some((outcome) => outcome.status === 'refused' && outcome.reason === 'range');
    return refused && now < windowEnd + RANGE_PATIENCE_SECONDS;
  }

  #reportRefusals(window: WindowKey, { cells }: WindowReleaseResponse): void {
    const reasons = new Set(cells.flatMap((outcome) => (outcome.status === 'refused' ? [outcome.reason] : [])));
    for (const reason of reasons) {
      const plan = this.#plans.get(window.planHash)?.plan.name;
      this.#options.logger.error(
        { plan, report: window.report, windowStart: window.windowStart, reason },
        'the key holder refuses to release this window; it is published as suppressed',
      );
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

function notOverYet(): TelemetryKitError {
  return new TelemetryKitError('unavailable', "the window is not over by the key holder's clock", {
    fix: 'synchronise the clocks of both machines',
  });
}
