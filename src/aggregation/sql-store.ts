/** The store's contract on a database of SQL: every call is one transaction, or a few with public work between. */
import { TelemetryKitError } from '../errors.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { SelectionRequest, WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import type { VerifiedContribution } from '../wire/verify.js';
import type { AccumulatorRows } from './accumulator-rows.js';
import { assertKids, kidsIn } from './closing-keys.js';
import { GroupCommit } from './group-commit.js';
import { KeyAggregator } from './key-aggregator.js';
import { KeyRing } from './key-ring.js';
import { SqlContributions } from './sql-contributions.js';
import type { SqlDatabase, SqlTransaction } from './sql-database.js';
import { contributedKeys, kidsOf } from './sql-open-cells.js';
import * as openKeys from './sql-open-keys.js';
import * as periods from './sql-periods.js';
import * as published from './sql-published.js';
import * as reports from './sql-reports.js';
import * as runs from './sql-runs.js';
import { sweepCell, sweepPublished } from './sql-sweeper.js';
import * as windows from './sql-windows.js';
import type {
  AnsweredWindow,
  ClosingWindow,
  DecodedTotal,
  EarlierRelease,
  KeyInUse,
  RecordOutcome,
  ReportKey,
  SelectingWindow,
  SkippedWindow,
  Store,
  TimeSpan,
  WindowKey,
  WorkState,
} from './store.js';
import { WindowAggregator } from './window-aggregator.js';
import type { WindowLeases } from './window-leases.js';

/** What differs between databases. */
export interface SqlStoreParts {
  readonly database: SqlDatabase;
  readonly rows: AccumulatorRows;
  readonly leases: WindowLeases;
  readonly time: () => Promise<number | undefined>;
  /** Rejects with `storage` where another program has made the tables newer than this one knows. */
  readonly assertCurrent: (tx: SqlTransaction) => Promise<unknown>;
}

interface Arrival {
  readonly contribution: VerifiedContribution;
  readonly now: number;
}

/** Contributions in one transaction: bounds how long the event loop waits for it. */
const MAX_GROUP = 1024;

/** What shows that a window is in a state. */
const IN_STATE: Readonly<Record<WorkState, (tx: SqlTransaction, window: WindowKey) => Promise<boolean>>> = {
  open: reports.isFirstOpen,
  selecting: openKeys.isSelecting,
  aggregated: windows.isAggregated,
};

export class SqlStore implements Store {
  readonly #parts: SqlStoreParts;
  readonly #contributions: SqlContributions;
  readonly #aggregator: WindowAggregator;
  readonly #keyAggregator: KeyAggregator;
  readonly #arrivals: GroupCommit<Arrival, RecordOutcome>;
  /** Of this receiver, from its first mark on. */
  #runId: number | undefined;
  #closed: Promise<void> | undefined;
  /** Whether something was deleted of which the database may still hold copies. */
  #swept = false;

  protected constructor(parts: SqlStoreParts, publicKeys: readonly PublicKey[]) {
    this.#parts = parts;
    const keys = new KeyRing(publicKeys);
    this.#contributions = new SqlContributions(parts.database, keys, parts.rows);
    this.#aggregator = new WindowAggregator(keys, (read) => this.#transact(read));
    this.#keyAggregator = new KeyAggregator(keys, (read) => this.#transact(read));
    this.#arrivals = new GroupCommit((arrivals) => this.#commit(arrivals), MAX_GROUP);
  }

  openReport(report: ReportKey, firstWindowStart: number): Promise<number> {
    return this.#transact((tx) => reports.openReport(tx, report, firstWindowStart));
  }

  unfinishedReports(): Promise<ReportKey[]> {
    return this.#transact(reports.unfinishedReports);
  }

  async record(contributions: readonly VerifiedContribution[], now: number): Promise<RecordOutcome[]> {
    this.#assertOpen();
    return this.#arrivals.submit(contributions.map((contribution) => ({ contribution, now })));
  }

  async markAlive(now: number): Promise<void> {
    const runId = this.#runId;
    if (runId === undefined) this.#runId = await this.#transact((tx) => runs.beginRun(tx, now));
    else await this.#transact((tx) => runs.markRun(tx, runId, now));
  }

  wasUp(span: TimeSpan): Promise<boolean> {
    return this.#transact((tx) => runs.wasUp(tx, span));
  }

  async time(): Promise<number | undefined> {
    this.#assertOpen();
    return this.#parts.time();
  }

  async exclusively<Result>(
    window: WindowKey,
    state: WorkState,
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    this.#assertOpen();
    return this.#parts.leases.exclusively(window, (tx) => IN_STATE[state](tx, window), work);
  }

  keysInUse(): Promise<KeyInUse[]> {
    return this.#transact(async (tx) => [...(await contributedKeys(tx)), ...(await periods.periodKeys(tx))]);
  }

  async closeWindow(window: ClosingWindow): Promise<void> {
    const reportId = await this.#stopAccepting(window, kidsIn(window), (tx, id) =>
      window.totals === undefined ? Promise.resolve([]) : periods.periodKids(tx, id, window.totals.period.end),
    );
    const { cells, products } = await this.#aggregator.aggregate(reportId, window);
    const kept = { reportId, windowStart: window.windowStart, periodEnd: window.totals?.period.end ?? 0 };
    await this.#workOn(window, async (tx) => {
      await windows.aggregateWindow(tx, await reports.firstOpen(tx, window), window, cells);
      await periods.keepProducts(tx, kept, products);
    });
  }

  async beginSelection(window: SkippedWindow, kids: readonly string[]): Promise<string[]> {
    const reportId = await this.#stopAccepting(window, kids);
    return this.#transact((tx) => openKeys.openKeysOf(tx, reportId, window.windowStart));
  }

  async awaitSelection(window: SelectingWindow): Promise<void> {
    const reportId = await this.#transact((tx) => reports.firstOpen(tx, window));
    const keys = await this.#keyAggregator.aggregate(reportId, window);
    await this.#workOn(window, async (tx) => {
      await openKeys.beginSelecting(tx, await reports.firstOpen(tx, window), window, keys);
    });
  }

  unselected(): Promise<WindowKey[]> {
    return this.#transact(openKeys.selectingWindows);
  }

  selectionRequest(window: WindowKey): Promise<SelectionRequest> {
    return this.#transact((tx) => openKeys.selectionRequest(tx, window));
  }

  async closeSelected(window: ClosingWindow): Promise<void> {
    const reportId = await this.#transact(async (tx) => {
      const id = await openKeys.selectingReport(tx, window);
      assertKids(await kidsOf(tx, id, window.windowStart), kidsIn(window));
      return id;
    });
    const { cells } = await this.#aggregator.aggregate(reportId, window);
    await this.#workOn(window, async (tx) => {
      await windows.aggregateWindow(tx, reportId, window, cells);
      await openKeys.endSelecting(tx, window);
    });
    await this.#forgetDeleted();
  }

  async skipWindows(skipped: readonly SkippedWindow[]): Promise<void> {
    const [first] = skipped;
    if (first === undefined) return;
    await this.#workOn(first, async (tx) => {
      for (const window of skipped) await windows.skipWindow(tx, await reports.firstOpen(tx, window), window);
    });
  }

  unanswered(): Promise<WindowKey[]> {
    return this.#transact(windows.aggregatedWindows);
  }

  releaseRequest(window: WindowKey): Promise<WindowReleaseRequest> {
    return this.#transact((tx) => windows.releaseRequest(tx, window));
  }

  earlierReleases(window: WindowKey, position: number): Promise<EarlierRelease[]> {
    return this.#transact((tx) => periods.earlierReleases(tx, window, position));
  }

  async storeAnswer(
    window: WindowKey,
    response: WindowReleaseResponse,
    totals: readonly (DecodedTotal | undefined)[] = [],
  ): Promise<void> {
    await this.#workOn(window, (tx) => windows.answerWindow(tx, window, response, totals));
    await this.#forgetDeleted();
  }

  publishDue(now: number): Promise<WindowKey[]> {
    return this.#transact((tx) => published.publishDue(tx, Math.floor(now)));
  }

  latestPublished(report: ReportKey): Promise<AnsweredWindow | undefined> {
    return this.#transact((tx) => published.latestPublished(tx, report));
  }

  published(): Promise<AnsweredWindow[]> {
    return this.#transact(published.publishedWindows);
  }

  async sweep(publishedBefore: number): Promise<boolean> {
    const more = await this.#transact(async (tx) => {
      if (!(await tx.tryLock('sweep'))) return false;
      await runs.sweepRuns(tx, this.#runId);
      return (await periods.sweepPeriods(tx)) || (await sweepCell(tx)) || sweepPublished(tx, publishedBefore);
    });
    if (!more && this.#swept) await this.#forgetDeleted();
    this.#swept = more;
    return more;
  }

  /** Anything asked afterwards rejects with `storage`. */
  close(): Promise<void> {
    this.#closed ??= this.#arrivals.flush().then(() => this.#parts.database.close());
    return this.#closed;
  }

  #commit(arrivals: readonly Arrival[]): Promise<RecordOutcome[]> {
    const { database } = this.#parts;
    return database.transact(async (tx) => {
      await this.#parts.assertCurrent(tx);
      await tx.lock('contributions', 'shared');
      const now = Math.max(...arrivals.map((arrival) => arrival.now));
      const runId = await runs.assertAlive(tx, this.#runId, now, database.forUpdate);
      return this.#contributions.record(
        tx,
        runId,
        arrivals.map(({ contribution }) => contribution),
      );
    });
  }

  /**
   * open -> closing: from here on what was contributed to the window never changes. What arrived before is counted
   * before. Returns the row id of its report. Rejects as `closeWindow` does where `kids` lacks a key.
   */
  async #stopAccepting(
    window: SkippedWindow,
    kids: readonly string[],
    alsoNeeded: (tx: SqlTransaction, reportId: number) => Promise<string[]> = () => Promise.resolve([]),
  ): Promise<number> {
    await this.#arrivals.flush();
    return this.#workOn(window, async (tx) => {
      await tx.lock('contributions', 'exclusive');
      const reportId = await reports.firstOpen(tx, window);
      const needed = [...(await kidsOf(tx, reportId, window.windowStart)), ...(await alsoNeeded(tx, reportId))];
      assertKids(needed, kids);
      await reports.acceptFrom(tx, reportId, window.windowEnd);
      return reportId;
    });
  }

  /** For a window that this receiver has to itself. */
  #workOn<Result>(window: WindowKey, work: (tx: SqlTransaction) => Promise<Result>): Promise<Result> {
    return this.#transact(async (tx) => {
      await this.#parts.assertCurrent(tx);
      await this.#parts.leases.assertHeld(tx, window);
      return work(tx);
    });
  }

  async #transact<Result>(work: (tx: SqlTransaction) => Promise<Result>): Promise<Result> {
    this.#assertOpen();
    return this.#parts.database.transact(work);
  }

  async #forgetDeleted(): Promise<void> {
    if (this.#closed === undefined) await this.#parts.database.forgetDeleted();
  }

  #assertOpen(): void {
    if (this.#closed !== undefined)
      throw new TelemetryKitError('storage', 'the store is closed', { fix: 'open it again' });
  }
}
