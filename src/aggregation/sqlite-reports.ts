/** Which windows of which reports are open. Runs inside the caller's transaction. */
import { TelemetryKitError } from '../errors.js';
import type { SqliteDatabase } from '../service/sqlite.js';
import type { ReportKey, WindowKey } from './store.js';

interface ReportRow {
  readonly report_id: number;
  readonly next_window_start: number;
}

export class SqliteReports {
  readonly #statements;

  constructor(database: SqliteDatabase) {
    this.#statements = {
      add: database.prepare('INSERT OR IGNORE INTO reports (plan_hash, report, next_window_start) VALUES (?, ?, ?)'),
      find: database.prepare('SELECT report_id, next_window_start FROM reports WHERE plan_hash = ? AND report = ?'),
      // Contributions that wait for their window to close, or windows that wait for a selection or their release.
      unfinished: database.prepare(
        `SELECT DISTINCT plan_hash, report FROM reports r
         WHERE EXISTS (SELECT 1 FROM open_cells c WHERE c.report_id = r.report_id AND c.window_start >= r.next_window_start)
            OR EXISTS (SELECT 1 FROM selections s WHERE s.report_id = r.report_id)
            OR EXISTS (SELECT 1 FROM windows w WHERE w.report_id = r.report_id AND w.state <> 'published')`,
      ),
      acceptFrom: database.prepare('UPDATE reports SET accepts_from = ? WHERE report_id = ?'),
    };
  }

  /** Returns the first open window. */
  open(report: ReportKey, firstWindowStart: number): number {
    this.#statements.add.run(report.planHash, report.report, firstWindowStart);
    return this.#find(report).next_window_start;
  }

  /** Row id of the window's report, after making sure that its windows close in order. */
  firstOpen(window: WindowKey): number {
    const { report_id: reportId, next_window_start: next } = this.#find(window);
    if (window.windowStart === next) return reportId;
    throw new TelemetryKitError('invalid_argument', 'windows close in order', {
      fix: `close the window that starts at ${String(next)} first`,
    });
  }

  /** From now on contributions to earlier windows are late. */
  acceptFrom(reportId: number, windowStart: number): void {
    this.#statements.acceptFrom.run(windowStart, reportId);
  }

  unfinished(): ReportKey[] {
    const rows = this.#statements.unfinished.all() as { plan_hash: string; report: number }[];
    return rows.map(({ plan_hash: planHash, report }) => ({ planHash, report }));
  }

  #find({ planHash, report }: ReportKey): ReportRow {
    const row = this.#statements.find.get(planHash, report) as ReportRow | undefined;
    if (row !== undefined) return row;
    throw new TelemetryKitError('invalid_argument', 'the report was not opened', { fix: 'call openReport() first' });
  }
}
