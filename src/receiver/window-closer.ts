/**
 * Closes windows whose grace is over, in order, whether or not anybody contributed. Windows during which no
 * receiver could have taken a single contribution, because all were down from the first moment a sender may
 * use the window to the end of its grace, are skipped: that depends on clock and uptime only, never on data. One may
 * have been up for a while after its last mark, and is taken to have been.
 * A plan that is new to the store begins with the window in which the receiver started.
 */
import type { ReportKey, SkippedWindow, Store } from '../aggregation/store.js';
import { windowStartOf, type CompiledPlan, type CompiledReport } from '../plan/compile.js';
import { unitCountIndex } from '../plan/layout.js';
import type { Logger } from '../service/logger.js';
import type { ClosingFactors } from './closing-factors.js';
import { closingTotals } from './period-totals.js';
import { CLOCK_AHEAD_SECONDS, windowAt } from './window-rule.js';

export interface WindowCloserOptions {
  readonly plans: readonly CompiledPlan[];
  readonly store: Store;
  readonly factors: ClosingFactors;
  readonly logger: Logger;
  /** When the receiver started, Unix seconds. */
  readonly startedAt: number;
}

interface OpenReport {
  readonly plan: CompiledPlan;
  readonly report: CompiledReport;
  readonly key: ReportKey;
}

/** Skipped windows stored at once. */
const SKIP_BATCH = 1000;

export class WindowCloser {
  readonly #options: WindowCloserOptions;
  readonly #reports: readonly OpenReport[];

  private constructor(options: WindowCloserOptions, reports: readonly OpenReport[]) {
    this.#options = options;
    this.#reports = reports;
    for (const { plan, report } of reports) options.factors.prepare(plan, report);
  }

  /** Opens every report of every plan in the store, and marks that the receiver is up. */
  static async open(options: WindowCloserOptions): Promise<WindowCloser> {
    const { plans, store, startedAt } = options;
    await store.markAlive(startedAt);
    const reports: OpenReport[] = [];
    for (const plan of plans) {
      for (const report of plan.reports) {
        const key = { planHash: plan.hashText, report: report.index };
        await store.openReport(key, windowStartOf(plan.plan, startedAt * 1000));
        reports.push({ plan, report, key });
      }
    }
    return new WindowCloser(options, reports);
  }

  /** Closes or skips everything that is due at this Unix time, except what another receiver is closing. */
  async closeDue(now: number): Promise<void> {
    const { store } = this.#options;
    for (const open of this.#reports) {
      // The store says where it stands: a transaction that failed may have been committed after all.
      let next: number | undefined = await store.openReport(open.key, 0);
      while (next !== undefined && isOver(open, next, now)) {
        const windowStart: number = next;
        next = await store.exclusively({ ...open.key, windowStart }, 'open', () =>
          this.#closeOrSkip(open, windowStart, now),
        );
      }
    }
  }

  /** Returns the next open window. */
  async #closeOrSkip(open: OpenReport, windowStart: number, now: number): Promise<number> {
    const missed = await this.#wasMissed(open, windowStart);
    return missed ? this.#skipFrom(open, windowStart, now) : this.#close(open, windowStart);
  }

  /** Returns the next open window. */
  async #close(open: OpenReport, windowStart: number): Promise<number> {
    const { store, factors } = this.#options;
    const window = windowAt(open.plan, open.key, windowStart);
    if (open.report.openLabel !== undefined) return this.#closeKeys(open, window);
    const totals = closingTotals(open.plan, open.report, windowStart);
    await store.closeWindow({ ...window, cells: await factors.take(open.plan, open.report), totals });
    factors.prepare(open.plan, open.report);
    return window.windowEnd;
  }

  /** With an open label it is not known yet which cells the window has. */
  async #closeKeys({ plan, report }: OpenReport, window: SkippedWindow): Promise<number> {
    const { store, factors } = this.#options;
    const met = await store.beginSelection(window, factors.kidsOf(plan));
    const keys = await factors.forKeys(plan, report, met);
    await store.awaitSelection({ ...window, unitCount: unitCountIndex(report), keys });
    factors.prepare(plan, report);
    return window.windowEnd;
  }

  /** Returns the next open window. */
  async #skipFrom(open: OpenReport, windowStart: number, now: number): Promise<number> {
    const missed: SkippedWindow[] = [];
    let next = windowStart;
    while (missed.length < SKIP_BATCH && isOver(open, next, now) && (await this.#wasMissed(open, next))) {
      const window = windowAt(open.plan, open.key, next);
      missed.push(window);
      next = window.windowEnd;
    }
    await this.#options.store.skipWindows(missed);
    this.#options.logger.warn(
      { plan: open.plan.plan.name, report: open.report.report.name, windows: missed.length },
      'windows passed while the receiver was down; they are published as suppressed',
    );
    return next;
  }

  /** No receiver was up from before anybody could contribute until after anybody could. */
  async #wasMissed({ plan }: OpenReport, windowStart: number): Promise<boolean> {
    const { seconds, graceSeconds } = plan.plan.window;
    const span = { start: windowStart - CLOCK_AHEAD_SECONDS, end: windowStart + seconds + graceSeconds };
    return !(await this.#options.store.wasUp(span));
  }
}

function isOver({ plan }: OpenReport, windowStart: number, now: number): boolean {
  const { seconds, graceSeconds } = plan.plan.window;
  return windowStart + seconds + graceSeconds <= now;
}
