/** Windows as readers see them. Every function runs inside the caller's transaction. */
import { parseLabels } from './labels-text.js';
import { parseOutcome } from './outcome-json.js';
import type { SqlTransaction } from './sql-database.js';
import { cellsOfWindow, keyOfWindow, SELECT_WINDOW, type WindowRow } from './sql-windows.js';
import type { AnsweredWindow, DecodedTotal, ReportKey, WindowKey } from './store.js';

/** answered -> published; each window once, however many receivers do it at the same time. In order of their end. */
export async function publishDue(tx: SqlTransaction, now: number): Promise<WindowKey[]> {
  const rows = (await tx.all(
    `UPDATE windows SET state = 'published', publication = ? WHERE state = 'answered' AND publish_at <= ?
     RETURNING window_id, window_end, window_start,
       (SELECT plan_hash FROM reports r WHERE r.report_id = windows.report_id) AS plan_hash,
       (SELECT report FROM reports r WHERE r.report_id = windows.report_id) AS report`,
    now,
    now,
  )) as WindowRow[];
  return rows.sort((a, b) => a.window_end - b.window_end || a.window_id - b.window_id).map(keyOfWindow);
}

export async function latestPublished(
  tx: SqlTransaction,
  { planHash, report }: ReportKey,
): Promise<AnsweredWindow | undefined> {
  const row = (await tx.get(
    `${SELECT_WINDOW} WHERE w.state = 'published' AND r.plan_hash = ? AND r.report = ?
     ORDER BY w.window_start DESC LIMIT 1`,
    planHash,
    report,
  )) as WindowRow | undefined;
  return row && answered(tx, row);
}

/** In order of publication. */
export async function publishedWindows(tx: SqlTransaction): Promise<AnsweredWindow[]> {
  const rows = (await tx.all(
    `${SELECT_WINDOW} WHERE w.state = 'published' ORDER BY w.publication, w.window_end, w.window_id`,
  )) as WindowRow[];
  const windows: AnsweredWindow[] = [];
  for (const row of rows) windows.push(await answered(tx, row));
  return windows;
}

async function answered(tx: SqlTransaction, row: WindowRow): Promise<AnsweredWindow> {
  const cells = (await cellsOfWindow(tx, row)).map(({ measurement, labels, outcome, total }) => ({
    measurement,
    labels: parseLabels(labels),
    outcome: parseOutcome(outcome ?? ''),
    total: total === null ? undefined : (JSON.parse(total) as DecodedTotal),
  }));
  const budget = row.budget === null ? undefined : (JSON.parse(row.budget) as AnsweredWindow['budget']);
  return { ...keyOfWindow(row), windowEnd: row.window_end, skipped: row.skipped === 1, cells, budget };
}
