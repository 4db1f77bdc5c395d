/** The embedded store: one SQLite file, one process, every commit on disk before anybody hears of it. */
import type { PublicKey } from '../paillier/public-key.js';
import { TelemetryKitError } from '../errors.js';
import { asStorageError, closeSqlite, forgetDeleted, openSqlite, type SqliteDatabase } from '../service/sqlite.js';
import type { SelectionRequest, WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import type { VerifiedContribution } from '../wire/verify.js';
import { GroupCommit } from './group-commit.js';
import { KeyAggregator } from './key-aggregator.js';
import { keyNeeded, KeyRing } from './key-ring.js';
import { SqliteContributions } from './sqlite-contributions.js';
import { SqliteLiveness } from './sqlite-liveness.js';
import { SqliteOpenKeys } from './sqlite-open-keys.js';
import { SqlitePeriods } from './sqlite-periods.js';
import { SqliteReports } from './sqlite-reports.js';
import { migrate } from './sqlite-schema.js';
import { SqliteSweeper } from './sqlite-sweeper.js';
import { SqliteWindows } from './sqlite-windows.js';
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
  WindowKey,
} from './store.js';
import { WindowAggregator } from './window-aggregator.js';

interface Arrival {
  readonly contribution: VerifiedContribution;
  readonly now: number;
}

/** Contributions in one transaction: bounds how long the event loop waits for it. */
const MAX_GROUP = 1024;

export class SqliteStore implements Store {
  readonly #database: SqliteDatabase;
  readonly #keys: KeyRing;
  readonly #liveness: SqliteLiveness;
  readonly #openKeys: SqliteOpenKeys;
  readonly #contributions: SqliteContributions;
  readonly #periods: SqlitePeriods;
  readonly #reports: SqliteReports;
  readonly #windows: SqliteWindows;
  readonly #sweeper: SqliteSweeper;
  readonly #aggregator: WindowAggregator;
  readonly #keyAggregator: KeyAggregator;
  #closed = false;
  /** Whether something was deleted that the write-ahead log may still hold. */
  #swept = false;
  readonly #arrivals: GroupCommit<Arrival, RecordOutcome>;

  private constructor(database: SqliteDatabase, keys: readonly PublicKey[]) {
    migrate(database);
    this.#database = database;
    this.#keys = new KeyRing(keys);
    this.#liveness = new SqliteLiveness(database);
    this.#openKeys = new SqliteOpenKeys(database);
    this.#contributions = new SqliteContributions(database, this.#keys, this.#openKeys);
    this.#periods = new SqlitePeriods(database);
    this.#reports = new SqliteReports(database);
    this.#windows = new SqliteWindows(database);
    this.#sweeper = new SqliteSweeper(database);
    this.#aggregator = new WindowAggregator(this.#contributions, this.#periods, this.#keys, (read) =>
      this.#transact(read),
    );
    this.#keyAggregator = new KeyAggregator(this.#contributions, this.#keys, (read) => this.#transact(read));
    this.#arrivals = new GroupCommit((arrivals) => this.#commit(arrivals), MAX_GROUP);
  }

  /** Throws `already_running` where another process holds the file, `storage` where it cannot be used. */
  static open(path: string, keys: readonly PublicKey[]): SqliteStore {
    const database = openSqlite(path);
    try {
      return new SqliteStore(database, keys);
    } catch (cause) {
      closeSqlite(database);
      throw asStorageError(cause, `cannot use ${path}`);
    }
  }

  openReport(report: ReportKey, firstWindowStart: number): Promise<number> {
    return this.#transact(() => this.#reports.open(report, firstWindowStart));
  }

  unfinishedReports(): Promise<ReportKey[]> {
    return this.#transact(() => this.#reports.unfinished());
  }

  record(contributions: readonly VerifiedContribution[], now: number): Promise<RecordOutcome[]> {
    return this.#arrivals.submit(contributions.map((contribution) => ({ contribution, now })));
  }

  markAlive(now: number): Promise<void> {
    return this.#transact(() => this.#liveness.mark(now));
  }

  lastAlive(): Promise<number | undefined> {
    return this.#transact(() => this.#liveness.last());
  }

  keysInUse(): Promise<KeyInUse[]> {
    return this.#transact(() => [
      ...this.#contributions.keysInUse(),
      ...this.#openKeys.keysInUse(),
      ...this.#periods.keysInUse(),
    ]);
  }

  async closeWindow(window: ClosingWindow): Promise<void> {
    // What arrived before the window closes is counted before it closes.
    this.#arrivals.flush();
    const reportId = await this.#transact(() => this.#beginClosing(window));
    const { cells, products } = await this.#aggregator.aggregate(reportId, window);
    await this.#transact(() => {
      this.#windows.aggregate(this.#reports.firstOpen(window), window, cells);
      this.#periods.keep(reportId, window.windowStart, window.totals?.period.end ?? 0, products);
    });
  }

  beginSelection(window: SkippedWindow, kids: readonly string[]): Promise<string[]> {
    this.#arrivals.flush();
    return this.#transact(() => {
      const reportId = this.#reports.firstOpen(window);
      this.#stopAccepting(reportId, window, this.#contributions.kidsOf(reportId, window.windowStart), kids);
      return this.#openKeys.keysOf(reportId, window.windowStart);
    });
  }

  async awaitSelection(window: SelectingWindow): Promise<void> {
    const reportId = await this.#transact(() => this.#reports.firstOpen(window));
    const keys = await this.#keyAggregator.aggregate(reportId, window);
    await this.#transact(() => this.#openKeys.begin(this.#reports.firstOpen(window), window, keys));
  }

  unselected(): Promise<WindowKey[]> {
    return this.#transact(() => this.#openKeys.waiting());
  }

  selectionRequest(window: WindowKey): Promise<SelectionRequest> {
    return this.#transact(() => this.#openKeys.request(window));
  }

  async closeSelected(window: ClosingWindow): Promise<void> {
    const reportId = await this.#transact(() => {
      const id = this.#openKeys.reportOf(window);
      assertKids(this.#contributions.kidsOf(id, window.windowStart), kidsIn(window));
      return id;
    });
    const { cells } = await this.#aggregator.aggregate(reportId, window);
    await this.#transact(() => {
      this.#windows.aggregate(reportId, window, cells);
      this.#openKeys.end(window);
    });
    this.#forgetDeleted();
  }

  skipWindows(windows: readonly SkippedWindow[]): Promise<void> {
    return this.#transact(() => {
      for (const window of windows) this.#windows.skip(this.#reports.firstOpen(window), window);
    });
  }

  unanswered(): Promise<WindowKey[]> {
    return this.#transact(() => this.#windows.unanswered());
  }

  releaseRequest(window: WindowKey): Promise<WindowReleaseRequest> {
    return this.#transact(() => this.#windows.request(window));
  }

  earlierReleases(window: WindowKey, position: number): Promise<EarlierRelease[]> {
    return this.#transact(() => this.#periods.earlierReleases(window, position));
  }

  async storeAnswer(
    window: WindowKey,
    response: WindowReleaseResponse,
    totals: readonly (DecodedTotal | undefined)[] = [],
  ): Promise<void> {
    await this.#transact(() => this.#windows.answer(window, response, totals));
    this.#forgetDeleted();
  }

  publishDue(now: number): Promise<WindowKey[]> {
    return this.#transact(() => this.#windows.publishDue(Math.floor(now)));
  }

  latestPublished(report: ReportKey): Promise<AnsweredWindow | undefined> {
    return this.#transact(() => this.#windows.latestPublished(report));
  }

  published(): Promise<AnsweredWindow[]> {
    return this.#transact(() => this.#windows.published());
  }

  async sweep(publishedBefore: number): Promise<boolean> {
    const more = await this.#transact(() => this.#periods.sweep() || this.#sweeper.sweep(publishedBefore));
    if (!more && this.#swept) this.#forgetDeleted();
    this.#swept = more;
    return more;
  }

  /** Anything asked afterwards rejects with `storage`. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve();
      this.#arrivals.flush();
      this.#closed = true;
      closeSqlite(this.#database);
      resolve();
    });
  }

  #commit(arrivals: readonly Arrival[]): RecordOutcome[] {
    return this.#run(() => {
      this.#liveness.assertAlive(Math.max(...arrivals.map(({ now }) => now)));
      return this.#contributions.record(arrivals.map(({ contribution }) => contribution));
    });
  }

  /** From here on the window's accumulators never change. Returns the row id of its report. */
  #beginClosing(window: ClosingWindow): number {
    const reportId = this.#reports.firstOpen(window);
    const needed = [
      ...this.#contributions.kidsOf(reportId, window.windowStart),
      ...(window.totals === undefined ? [] : this.#periods.kidsOf(reportId, window.totals.period.end)),
    ];
    this.#stopAccepting(reportId, window, needed, kidsIn(window));
    return reportId;
  }

  #stopAccepting(
    reportId: number,
    { windowEnd }: SkippedWindow,
    needed: readonly string[],
    kids: readonly string[],
  ): void {
    assertKids(needed, kids);
    this.#reports.acceptFrom(reportId, windowEnd);
  }

  #forgetDeleted(): void {
    if (this.#closed) return;
    try {
      forgetDeleted(this.#database);
    } catch (cause) {
      throw asStorageError(cause, 'the store failed');
    }
  }

  #transact<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      resolve(this.#run(work));
    });
  }

  #run<Result>(work: () => Result): Result {
    if (this.#closed) throw new TelemetryKitError('storage', 'the store is closed', { fix: 'open it again' });
    try {
      return this.#database.transaction(work)();
    } catch (cause) {
      throw asStorageError(cause, 'the store failed');
    }
  }
}

/** Public keys that there are factors for. */
function kidsIn({ cells }: ClosingWindow): string[] {
  return cells.flatMap(({ factors }) => factors.map(({ kid }) => kid));
}

/** Throws `invalid_configuration` where something waits under a key that there is no factor for. */
function assertKids(needed: readonly string[], kids: readonly string[]): void {
  const forgotten = needed.find((kid) => !kids.includes(kid));
  if (forgotten !== undefined) throw keyNeeded(forgotten);
}
