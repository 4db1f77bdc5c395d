/**
 * What a receiver remembers, and the contract of whatever remembers it.
 *
 * Life of a contribution: unknown -> counted. Its id and its ciphertexts' effect on the accumulators become
 * durable in one transaction, so it is counted once or not at all. The id is kept until its window closes.
 *
 * Life of a window of a report:
 *   open        accepts contributions; accumulators grow. Windows of a report close in order: every window
 *               before the report's `nextWindowStart` is closed, every later one is open.
 *   closing     takes no contributions any more, durably, while its accumulators are joined. A receiver that
 *               stops meanwhile closes it again: nothing of it was told to anybody.
 *   selecting   of a report with an open label only: the ciphertexts by which its keys are selected, the receiver's
 *               noise included, are durable and never change. What was contributed is kept until the key holder has
 *               said which keys may be published; the contributions of all others then become one cell.
 *   aggregated  the final ciphertexts, the receiver's noise included, are durable and never change. A
 *               contribution to it is `late`. Asking the key holder repeats exactly these bytes.
 *   answered    the key holder's outcomes are durable; the ciphertexts are deleted.
 *   published   readers have seen it; kept for a retention time.
 * What a window held of a running total is kept, encrypted, until its budget period is over: later totals of the
 * period are made of it. Its release is kept as long, because later totals are decoded with it.
 *
 * A window that nobody could have contributed to, because the receiver was down all through it, goes from
 * open to answered as `skipped`: every cell of it is suppressed with the reason `error`. The receiver marks from time
 * to time that it is up. It takes contributions for a while after a mark and not longer, so that the marks alone
 * say which windows nobody contributed to. Where several receivers share a store, one of them is enough.
 */
import type { LabelValue } from '../plan/plan.js';
import type {
  BudgetState,
  CellOutcome,
  SelectionRequest,
  WindowReleaseRequest,
  WindowReleaseResponse,
} from '../wire/release.js';
import type { VerifiedContribution } from '../wire/verify.js';

/** How long after the last mark contributions are still taken. */
export const ALIVE_SLACK_SECONDS = 60;

export interface ReportKey {
  /** Base64url. */
  readonly planHash: string;
  /** Position in the plan. */
  readonly report: number;
}

export interface WindowKey extends ReportKey {
  /** Unix seconds. */
  readonly windowStart: number;
}

/** A key under which contributions wait for their window to close. */
export interface KeyInUse {
  /** Base64url. */
  readonly planHash: string;
  readonly kid: string;
}

/**
 * What became of a contribution; everything but `counted` changes nothing. `label_limit`: its window holds as many
 * keys of an open label as it takes, and not this one.
 */
export type RecordOutcome = 'counted' | 'duplicate' | 'late' | 'label_limit';

/** A window to close: all its declared cells, whether anybody contributed or not. */
export interface ClosingWindow extends WindowKey {
  readonly windowEnd: number;
  /** Unix seconds: not visible to readers before. */
  readonly publishAt: number;
  readonly cells: readonly ClosingCell[];
  /** Present where measurements of the report are released as running totals. */
  readonly totals?: ClosingTotals | undefined;
}

/** Which cells of a window are released as the running total of their budget period. */
export interface ClosingTotals {
  /** Positions of measurements. */
  readonly measurements: readonly number[];
  /** Unix seconds: the period that holds the window. */
  readonly period: TimeSpan;
  /** Of the window k windows back, for every window of a period: never negative, never rising. */
  readonly weights: readonly bigint[];
}

/** States in which a receiver works on a window. `open`: the first open one of its report, or one that is closing. */
export type WorkState = 'open' | 'selecting' | 'aggregated';

/** Unix seconds, [start, end). */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

export interface ClosingCell {
  readonly measurement: number;
  readonly labels: readonly LabelValue[];
  /** Accumulator i is joined shifted by i times this many bits; 0 where there is one accumulator. */
  readonly slotShift: number;
  /** How many accumulators the measurement has, used or not. */
  readonly accumulators: number;
  /** One per key: a fresh encryption of noise or of 0, by which the accumulator is multiplied. */
  readonly factors: readonly { readonly kid: string; readonly ciphertext: bigint }[];
}

/** A window of a report with an open label, with what its keys are selected by. */
export interface SelectingWindow extends SkippedWindow {
  /** Position of the unit count among the measurements. */
  readonly unitCount: number;
  /** Every key that was met, in order, with a factor per public key. */
  readonly keys: readonly { readonly key: string; readonly factors: ClosingCell['factors'] }[];
}

/** When a window ends and when it may be seen; as such one that nobody could contribute to. */
export interface SkippedWindow extends WindowKey {
  readonly windowEnd: number;
  readonly publishAt: number;
}

export interface AnsweredCell {
  readonly measurement: number;
  readonly labels: readonly LabelValue[];
  readonly outcome: CellOutcome;
  /** Of a running total whose period was released without a gap so far. */
  readonly total?: DecodedTotal | undefined;
}

/** What a running total came to: public, and all that readers need once earlier windows are deleted. */
export interface DecodedTotal {
  /** Unix seconds: start of the first window that is in it. */
  readonly since: number;
  /** One per slot. */
  readonly amounts: readonly number[];
  /** Variance of an amount where the noise of every release has variance 1. */
  readonly varianceFactor: number;
}

/** An earlier release of a cell in the same budget period. */
export interface EarlierRelease {
  readonly windowStart: number;
  /** As the key holder answered; `undefined` where it released nothing. */
  readonly values: readonly bigint[] | undefined;
}

/** An answered or published window. A skipped one has neither cells nor budget. */
export interface AnsweredWindow extends WindowKey {
  readonly windowEnd: number;
  readonly skipped: boolean;
  readonly cells: readonly AnsweredCell[];
  readonly budget: BudgetState | undefined;
}

/**
 * All times in Unix seconds. Every promise rejects with `storage` where the store fails; nothing is half done. Any
 * number of receivers may use one store where docs/DATA_MODEL.md says so.
 */
export interface Store {
  /** Declares a report; its first window is the given one unless the report is known. Returns the first open window. */
  openReport(report: ReportKey, firstWindowStart: number): Promise<number>;
  /** Reports with contributions or windows that were not published yet. */
  unfinishedReports(): Promise<ReportKey[]>;
  /**
   * Counts contributions once; resolves when they are durable. Outcomes in the order given. Rejects with
   * `unavailable`, changing nothing, later than `ALIVE_SLACK_SECONDS` after this receiver's last mark.
   */
  record(contributions: readonly VerifiedContribution[], now: number): Promise<RecordOutcome[]>;
  /** Marks that this receiver is up, from the first mark on. Never called because of a contribution. */
  markAlive(now: number): Promise<void>;
  /** Whether a receiver may have taken contributions at some time in this span. */
  wasUp(span: TimeSpan): Promise<boolean>;
  /**
   * Runs the work where the window is in this state and no other receiver works on it; resolves with `undefined`
   * otherwise. Whatever brings a window closer to its release is called within: a receiver that takes longer than it
   * may is told `unavailable` by the next call, and changes nothing any more.
   */
  exclusively<Result>(window: WindowKey, state: WorkState, work: () => Promise<Result>): Promise<Result | undefined>;
  /** What time it is for all receivers of this store, Unix seconds; `undefined` where there is only this one. */
  time(): Promise<number | undefined>;
  /** Keys that must stay configured until the windows of these plans are closed. */
  keysInUse(): Promise<KeyInUse[]>;
  /**
   * open -> closing -> aggregated, letting others run meanwhile. The window must be the report's first open one.
   * Rejects with `invalid_configuration`, changing nothing, where it holds contributions under a key for which
   * there is no factor.
   */
  closeWindow(window: ClosingWindow): Promise<void>;
  /**
   * open -> closing, for a report with an open label: returns the keys that were met, in order. The window must be
   * the report's first open one, and may be closing already. `kids`: what there will be factors for; rejects as
   * `closeWindow` does.
   */
  beginSelection(window: SkippedWindow, kids: readonly string[]): Promise<string[]>;
  /** closing -> selecting. */
  awaitSelection(window: SelectingWindow): Promise<void>;
  /** Windows that wait for the selection of their keys, the oldest first. */
  unselected(): Promise<WindowKey[]>;
  /** The question for the key holder, byte-identical at every call. */
  selectionRequest(window: WindowKey): Promise<SelectionRequest>;
  /**
   * selecting -> aggregated. The cells' keys are those selected, and `__other__`, which gets what was contributed
   * under all others. Rejects as `closeWindow` does.
   */
  closeSelected(window: ClosingWindow): Promise<void>;
  /** open -> answered, for consecutive windows from the report's first open one. */
  skipWindows(windows: readonly SkippedWindow[]): Promise<void>;
  /** Aggregated windows, the oldest first. */
  unanswered(): Promise<WindowKey[]>;
  /** The question for the key holder, byte-identical at every call. */
  releaseRequest(window: WindowKey): Promise<WindowReleaseRequest>;
  /**
   * What became of a cell, by its position in the request, in the earlier windows of its period, the oldest first;
   * windows that nobody could contribute to are left out. For windows with running totals.
   */
  earlierReleases(window: WindowKey, position: number): Promise<EarlierRelease[]>;
  /** aggregated -> answered. `totals`: one per cell, or none where the report has no running total. */
  storeAnswer(
    window: WindowKey,
    response: WindowReleaseResponse,
    totals?: readonly (DecodedTotal | undefined)[],
  ): Promise<void>;
  /** answered -> published, for every window that is due; returns those. */
  publishDue(now: number): Promise<WindowKey[]>;
  /** The published window of a report that starts last. */
  latestPublished(report: ReportKey): Promise<AnsweredWindow | undefined>;
  /** Every published window that is still kept, in order of publication. */
  published(): Promise<AnsweredWindow[]>;
  /** Deletes a bounded amount of what is no longer needed; returns whether there may be more. */
  sweep(publishedBefore: number): Promise<boolean>;
  close(): Promise<void>;
}
