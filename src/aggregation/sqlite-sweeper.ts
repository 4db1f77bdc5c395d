/** Deletes what closed windows no longer need, a bounded amount at a time. Runs inside the caller's transaction. */
import type { SqliteDatabase } from '../service/sqlite.js';

/** Rows deleted in one call: a few milliseconds. */
const BATCH = 5000;

interface ClosedCell {
  readonly cell_id: number;
  readonly report_id: number;
  readonly window_start: number;
}

export class SqliteSweeper {
  readonly #statements;

  constructor(database: SqliteDatabase) {
    this.#statements = {
      closedCell: database.prepare(
        `SELECT c.cell_id, c.report_id, c.window_start FROM open_cells c JOIN reports r USING (report_id)
         WHERE c.window_start < r.next_window_start AND NOT EXISTS
           (SELECT 1 FROM selections s WHERE s.report_id = c.report_id AND s.window_start = c.window_start) LIMIT 1`,
      ),
      dropIds: database.prepare(
        `DELETE FROM contributions WHERE cell_id = ? AND contribution_id IN
         (SELECT contribution_id FROM contributions WHERE cell_id = ? LIMIT ${String(BATCH)})`,
      ),
      dropAccumulators: database.prepare('DELETE FROM accumulators WHERE cell_id = ?'),
      dropKeyCount: database.prepare('DELETE FROM key_counts WHERE report_id = ? AND window_start = ?'),
      dropCell: database.prepare('DELETE FROM open_cells WHERE cell_id = ?'),
      // The last published window of a report stays: readers are still shown it. So do windows with running totals
      // while a later one of their period is open or waits for its answer.
      expired: database.prepare(
        `SELECT w.window_id FROM windows w JOIN reports r USING (report_id)
         WHERE w.state = 'published' AND w.publication < ? AND w.window_start <
         (SELECT max(v.window_start) FROM windows v WHERE v.report_id = w.report_id AND v.state = 'published')
         AND (w.period_end IS NULL OR (w.period_end <= r.next_window_start AND NOT EXISTS
           (SELECT 1 FROM windows u WHERE u.report_id = w.report_id AND u.period_end = w.period_end AND u.state = 'aggregated')))
         LIMIT 1`,
      ),
      dropWindowCells: database.prepare('DELETE FROM window_cells WHERE window_id = ?'),
      dropWindow: database.prepare('DELETE FROM windows WHERE window_id = ?'),
    };
  }

  /** @returns whether something was deleted, so that there may be more. */
  sweep(publishedBefore: number): boolean {
    return this.#sweepCell() || this.#sweepWindow(publishedBefore);
  }

  #sweepCell(): boolean {
    const cell = this.#statements.closedCell.get() as ClosedCell | undefined;
    if (cell === undefined) return false;
    const { changes } = this.#statements.dropIds.run(cell.cell_id, cell.cell_id);
    if (changes < BATCH) {
      this.#statements.dropAccumulators.run(cell.cell_id);
      this.#statements.dropCell.run(cell.cell_id);
      this.#statements.dropKeyCount.run(cell.report_id, cell.window_start);
    }
    return true;
  }

  #sweepWindow(publishedBefore: number): boolean {
    const window = this.#statements.expired.get(publishedBefore) as { window_id: number } | undefined;
    if (window === undefined) return false;
    this.#statements.dropWindowCells.run(window.window_id);
    this.#statements.dropWindow.run(window.window_id);
    return true;
  }
}
