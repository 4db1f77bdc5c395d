/**
 * The keys of open labels in windows that were not released yet, in SQLite: how many there are, and the selections
 * that wait for the key holder. Every method runs inside the caller's transaction.
 */
import { fromBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { MAX_KEYS, OTHER_KEY } from '../plan/labels.js';
import { blobBytes, type SqliteDatabase } from '../service/sqlite.js';
import type { KeyAggregate, KeyedAggregate, SelectionRequest } from '../wire/release.js';
import type { KeyInUse, SkippedWindow, WindowKey } from './store.js';

interface SelectionRow {
  readonly selection_id: number;
  readonly report_id: number;
  readonly plan_hash: string;
  readonly report: number;
  readonly window_start: number;
  readonly window_end: number;
}

interface AggregateRow {
  readonly open_key: string;
  readonly kid: string;
  readonly ciphertext: ArrayBuffer;
}

const SELECT = 'SELECT s.*, r.plan_hash, r.report FROM selections s JOIN reports r USING (report_id)';

export class SqliteOpenKeys {
  readonly #statements;

  constructor(database: SqliteDatabase) {
    this.#statements = {
      known: database.prepare(
        'SELECT 1 FROM open_cells WHERE report_id = ? AND window_start = ? AND open_key = ? LIMIT 1',
      ),
      count: database.prepare(
        `INSERT INTO key_counts VALUES (?, ?, 1)
         ON CONFLICT (report_id, window_start) DO UPDATE SET keys = keys + 1 WHERE keys < ?`,
      ),
      // TEXT is compared byte by byte, which is the order of keys.
      keys: database.prepare(
        `SELECT DISTINCT open_key FROM open_cells WHERE report_id = ? AND window_start = ? AND open_key <> ?
         ORDER BY open_key`,
      ),
      begin: database.prepare(
        'INSERT INTO selections (report_id, window_start, window_end, publish_at) VALUES (?, ?, ?, ?)',
      ),
      insert: database.prepare('INSERT INTO selection_keys VALUES (?, ?, ?, ?, ?)'),
      nextWindow: database.prepare(
        'UPDATE reports SET next_window_start = max(next_window_start, ?) WHERE report_id = ?',
      ),
      waiting: database.prepare(`${SELECT} ORDER BY s.window_end, s.selection_id`),
      find: database.prepare(`${SELECT} WHERE r.plan_hash = ? AND r.report = ? AND s.window_start = ?`),
      aggregates: database.prepare(
        'SELECT open_key, kid, ciphertext FROM selection_keys WHERE selection_id = ? ORDER BY open_key, ordinal',
      ),
      kids: database.prepare(
        `SELECT DISTINCT r.plan_hash, a.kid FROM selections s JOIN reports r USING (report_id)
         JOIN open_cells c ON c.report_id = s.report_id AND c.window_start = s.window_start
         JOIN accumulators a USING (cell_id)`,
      ),
      dropKeys: database.prepare('DELETE FROM selection_keys WHERE selection_id = ?'),
      drop: database.prepare('DELETE FROM selections WHERE selection_id = ?'),
    };
  }

  /** Makes room for a key that is new in its window; `false` where the window holds as many as it takes. */
  admit(reportId: number, windowStart: number, key: string): boolean {
    if (key === OTHER_KEY || this.#statements.known.get(reportId, windowStart, key) !== undefined) return true;
    return this.#statements.count.run(reportId, windowStart, MAX_KEYS).changes > 0;
  }

  /** Every key that was met in a window, in order. */
  keysOf(reportId: number, windowStart: number): string[] {
    const rows = this.#statements.keys.all(reportId, windowStart, OTHER_KEY) as { open_key: string }[];
    return rows.map(({ open_key: key }) => key);
  }

  /** closing -> selecting. */
  begin(reportId: number, window: SkippedWindow, keys: readonly KeyAggregate[]): void {
    const { windowStart, windowEnd, publishAt } = window;
    this.#statements.nextWindow.run(windowEnd, reportId);
    const { lastInsertRowid: id } = this.#statements.begin.run(reportId, windowStart, windowEnd, publishAt);
    for (const { key, aggregates } of keys) {
      aggregates.forEach(({ kid, ciphertext }, ordinal) => {
        this.#statements.insert.run(id, key, ordinal, kid, ciphertext);
      });
    }
  }

  /** Windows whose keys are not selected yet, the oldest first. */
  waiting(): WindowKey[] {
    const rows = this.#statements.waiting.all() as SelectionRow[];
    return rows.map((row) => ({ planHash: row.plan_hash, report: row.report, windowStart: row.window_start }));
  }

  request(window: WindowKey): SelectionRequest {
    const row = this.#find(window);
    const keys = new Map<string, KeyedAggregate[]>();
    for (const each of this.#statements.aggregates.iterate(row.selection_id)) {
      const { open_key: key, kid, ciphertext } = each as AggregateRow;
      const aggregates = keys.get(key) ?? [];
      aggregates.push({ kid, ciphertext: blobBytes(ciphertext) });
      keys.set(key, aggregates);
    }
    return {
      planHash: fromBase64Url(row.plan_hash) ?? new Uint8Array(0),
      report: row.report,
      windowStart: row.window_start,
      windowEnd: row.window_end,
      keys: [...keys].map(([key, aggregates]) => ({ key, aggregates })),
    };
  }

  /** Row id of the report whose window waits for its selection. */
  reportOf(window: WindowKey): number {
    return this.#find(window).report_id;
  }

  /** The selection is made: nothing of it is kept but what the window's cells say. */
  end(window: WindowKey): void {
    const { selection_id: id } = this.#find(window);
    this.#statements.dropKeys.run(id);
    this.#statements.drop.run(id);
  }

  /** Public keys under which windows that wait for their selection hold contributions, by plan. */
  keysInUse(): KeyInUse[] {
    const rows = this.#statements.kids.all() as { plan_hash: string; kid: string }[];
    return rows.map(({ plan_hash: planHash, kid }) => ({ planHash, kid }));
  }

  #find({ planHash, report, windowStart }: WindowKey): SelectionRow {
    const row = this.#statements.find.get(planHash, report, windowStart) as SelectionRow | undefined;
    if (row !== undefined) return row;
    throw new TelemetryKitError('invalid_argument', 'the window does not wait for the selection of its keys', {
      fix: 'ask for windows that unselected() names',
    });
  }
}
