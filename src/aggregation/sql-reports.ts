/** Which windows of which reports are open. Runs inside the caller's transaction. */
import { TelemetryKitError } from '../errors.js';
import type { SqlTransaction } from './sql-database.js';
import type { ReportKey, WindowKey } from './store.js';

interface ReportRow {
  readonly report_id: number;
  readonly next_window_start: number;
}

/** Contributions that wait for their window to close, or windows that wait for a selection or their release. */
const UNFINISHED = `SELECT DISTINCT plan_hash, report FROM reports r
  WHERE EXISTS (SELECT 1 FROM open_cells c WHERE c.report_id = r.report_id AND c.window_start >= r.next_window_start)
     OR EXISTS (SELECT 1 FROM selections s WHERE s.report_id = r.report_id)
     OR EXISTS (SELECT 1 FROM windows w WHERE w.report_id = r.report_id AND w.state <> 'published')`;

/** Returns the first open window. */
export async function openReport(tx: SqlTransaction, report: ReportKey, firstWindowStart: number): Promise<number> {
  const known = await findReport(tx, report);
  if (known !== undefined) return known.next_window_start;
  await tx.run(
    'INSERT INTO reports (plan_hash, report, next_window_start) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    report.planHash,
    report.report,
    firstWindowStart,
  );
  return (await foundReport(tx, report)).next_window_start;
}

/** Row id of the window's report, after making sure that its windows close in order. */
export async function firstOpen(tx: SqlTransaction, window: WindowKey): Promise<number> {
  const { report_id: reportId, next_window_start: next } = await foundReport(tx, window);
  if (window.windowStart === next) return reportId;
  throw new TelemetryKitError('invalid_argument', 'windows close in order', {
    fix: `close the window that starts at ${String(next)} first`,
  });
}

/** Whether the window is its report's first open one. */
export async function isFirstOpen(tx: SqlTransaction, window: WindowKey): Promise<boolean> {
  return (await findReport(tx, window))?.next_window_start === window.windowStart;
}

/** From now on contributions to earlier windows are late. */
export async function acceptFrom(tx: SqlTransaction, reportId: number, windowStart: number): Promise<void> {
  await tx.run('UPDATE reports SET accepts_from = ? WHERE report_id = ?', windowStart, reportId);
}

/** The first open window is this one, or a later one where there is one already. */
export async function openFrom(tx: SqlTransaction, reportId: number, windowStart: number): Promise<void> {
  await tx.run(
    'UPDATE reports SET next_window_start = ? WHERE report_id = ? AND next_window_start < ?',
    windowStart,
    reportId,
    windowStart,
  );
}

export async function unfinishedReports(tx: SqlTransaction): Promise<ReportKey[]> {
  const rows = (await tx.all(UNFINISHED)) as { plan_hash: string; report: number }[];
  return rows.map(({ plan_hash: planHash, report }) => ({ planHash, report }));
}

async function findReport(tx: SqlTransaction, { planHash, report }: ReportKey): Promise<ReportRow | undefined> {
  return (await tx.get(
    'SELECT report_id, next_window_start FROM reports WHERE plan_hash = ? AND report = ?',
    planHash,
    report,
  )) as ReportRow | undefined;
}

async function foundReport(tx: SqlTransaction, report: ReportKey): Promise<ReportRow> {
  const row = await findReport(tx, report);
  if (row !== undefined) return row;
  throw new TelemetryKitError('invalid_argument', 'the report was not opened', { fix: 'call openReport() first' });
}
