/** Deletes what closed windows no longer need, a bounded amount at a time. Runs inside the caller's transaction. */
import type { SqlTransaction } from './sql-database.js';

/** Rows deleted in one call: a few milliseconds. */
const BATCH = 5000;

interface ClosedCell {
  readonly cell_id: number;
  readonly report_id: number;
  readonly window_start: number;
}

const CLOSED_CELL = `SELECT c.cell_id, c.report_id, c.window_start FROM open_cells c JOIN reports r USING (report_id)
  WHERE c.window_start < r.next_window_start AND NOT EXISTS
    (SELECT 1 FROM selections s WHERE s.report_id = c.report_id AND s.window_start = c.window_start) LIMIT 1`;

/**
 * The last published window of a report stays: readers are still shown it. So do windows with running totals while
 * a later one of their period is open or waits for its answer.
 */
const EXPIRED_WINDOW = `SELECT w.window_id FROM windows w JOIN reports r USING (report_id)
  WHERE w.state = 'published' AND w.publication < ? AND w.window_start <
    (SELECT max(v.window_start) FROM windows v WHERE v.report_id = w.report_id AND v.state = 'published')
  AND (w.period_end IS NULL OR (w.period_end <= r.next_window_start AND NOT EXISTS
    (SELECT 1 FROM windows u WHERE u.report_id = w.report_id AND u.period_end = w.period_end AND u.state = 'aggregated')))
  LIMIT 1`;

const DROP_IDS = `DELETE FROM contributions WHERE cell_id = ? AND contribution_id IN
  (SELECT contribution_id FROM contributions WHERE cell_id = ? LIMIT ${String(BATCH)})`;

/** What one combination of labels of a closed window held. @returns whether there was one. */
export async function sweepCell(tx: SqlTransaction): Promise<boolean> {
  const cell = (await tx.get(CLOSED_CELL)) as ClosedCell | undefined;
  if (cell === undefined) return false;
  const { cell_id: id, report_id: reportId, window_start: windowStart } = cell;
  if ((await tx.run(DROP_IDS, id, id)) < BATCH) {
    await tx.run('DELETE FROM accumulators WHERE cell_id = ?', id);
    await tx.run('DELETE FROM open_cells WHERE cell_id = ?', id);
    await tx.run('DELETE FROM key_counts WHERE report_id = ? AND window_start = ?', reportId, windowStart);
  }
  return true;
}

/** A publication older than this Unix time. @returns whether there was one. */
export async function sweepPublished(tx: SqlTransaction, publishedBefore: number): Promise<boolean> {
  const window = (await tx.get(EXPIRED_WINDOW, publishedBefore)) as { window_id: number } | undefined;
  if (window === undefined) return false;
  await tx.run('DELETE FROM window_cells WHERE window_id = ?', window.window_id);
  await tx.run('DELETE FROM windows WHERE window_id = ?', window.window_id);
  return true;
}
