/**
 * Combinations of labels in open windows, and what was added up for them. Every function runs inside the caller's
 * transaction.
 */
import { bytesToBigInt } from '../bytes.js';
import { MAX_KEYS, OTHER_KEY } from '../plan/labels.js';
import type { LabelValue } from '../plan/plan.js';
import { blobBytes } from './blob-bytes.js';
import type { VerifiedContribution } from '../wire/verify.js';
import type { HeldAccumulator } from './held-accumulators.js';
import { labelsText, parseLabels } from './labels-text.js';
import type { SqlTransaction } from './sql-database.js';
import type { KeyInUse } from './store.js';

/** Ids read at once: a few milliseconds. */
const ID_PAGE = 4096;

/** A combination of labels in a window that somebody contributed to. */
export interface RecordedCell {
  readonly cellId: number;
  readonly labels: readonly LabelValue[];
}

/** The row id of a cell, or why there is none. */
export type CellOutcome = number | 'late' | 'label_limit';

/** A cell's report and window. */
interface WindowRow {
  readonly reportId: number;
  readonly windowStart: number;
}

/** The cell of a contribution, made where it is the first. */
export async function openCell(
  tx: SqlTransaction,
  { planHash, report, windowStart, labels }: VerifiedContribution['header'],
  forUpdate: string,
): Promise<CellOutcome> {
  const known = (await tx.get(
    'SELECT report_id, next_window_start, accepts_from FROM reports WHERE plan_hash = ? AND report = ?',
    planHash,
    report,
  )) as { report_id: number; next_window_start: number; accepts_from: number } | undefined;
  if (known === undefined || windowStart < Math.max(known.next_window_start, known.accepts_from)) return 'late';
  const window = { reportId: known.report_id, windowStart };
  const text = labelsText(labels);
  const cell = await findCell(tx, window, text);
  if (cell !== undefined) return cell;
  const key = labels.find((label) => typeof label === 'string');
  if (key !== undefined && !(await admitKey(tx, window, key, forUpdate))) return 'label_limit';
  await tx.run(
    `INSERT INTO open_cells (report_id, window_start, labels, open_key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    window.reportId,
    windowStart,
    text,
    key ?? null,
  );
  return (await findCell(tx, window, text)) ?? 'late';
}

/** In the order of their labels. */
export async function cellsOf(tx: SqlTransaction, reportId: number, windowStart: number): Promise<RecordedCell[]> {
  const rows = (await tx.all(
    'SELECT cell_id, labels FROM open_cells WHERE report_id = ? AND window_start = ? ORDER BY labels',
    reportId,
    windowStart,
  )) as { cell_id: number; labels: string }[];
  return rows.map(({ cell_id: cellId, labels }) => ({ cellId, labels: parseLabels(labels) }));
}

export async function accumulatorsOf(tx: SqlTransaction, cellId: number): Promise<HeldAccumulator[]> {
  return heldAccumulators(
    await tx.all('SELECT kid, measurement, component, ciphertext FROM accumulators WHERE cell_id = ?', cellId),
  );
}

/** Of one measurement, in all cells of a window under one key of its open label. */
export async function accumulatorsOfKey(
  tx: SqlTransaction,
  { reportId, windowStart }: WindowRow,
  key: string,
  measurement: number,
): Promise<HeldAccumulator[]> {
  return heldAccumulators(
    await tx.all(
      `SELECT a.kid, a.measurement, a.component, a.ciphertext FROM open_cells c JOIN accumulators a USING (cell_id)
       WHERE c.report_id = ? AND c.window_start = ? AND c.open_key = ? AND a.measurement = ?`,
      reportId,
      windowStart,
      key,
      measurement,
    ),
  );
}

/** The next contribution ids of a cell after this one, in order; none at the end. */
export async function idsAfter(tx: SqlTransaction, cellId: number, id: Uint8Array): Promise<Uint8Array[]> {
  const rows = (await tx.all(
    `SELECT contribution_id FROM contributions WHERE cell_id = ? AND contribution_id > ?
     ORDER BY contribution_id LIMIT ${String(ID_PAGE)}`,
    cellId,
    id,
  )) as { contribution_id: ArrayBuffer }[];
  return rows.map((row) => blobBytes(row.contribution_id));
}

/** Public keys under which the window holds contributions. */
export async function kidsOf(tx: SqlTransaction, reportId: number, windowStart: number): Promise<string[]> {
  const rows = (await tx.all(
    `SELECT DISTINCT a.kid FROM open_cells c JOIN accumulators a USING (cell_id)
     WHERE c.report_id = ? AND c.window_start = ?`,
    reportId,
    windowStart,
  )) as { kid: string }[];
  return rows.map(({ kid }) => kid);
}

/** Public keys under which windows that are not aggregated, or wait for their selection, hold contributions. */
export async function contributedKeys(tx: SqlTransaction): Promise<KeyInUse[]> {
  const rows = (await tx.all(
    `SELECT DISTINCT r.plan_hash, a.kid FROM reports r JOIN open_cells c USING (report_id)
     JOIN accumulators a USING (cell_id)
     WHERE c.window_start >= r.next_window_start OR EXISTS
       (SELECT 1 FROM selections s WHERE s.report_id = c.report_id AND s.window_start = c.window_start)`,
  )) as { plan_hash: string; kid: string }[];
  return rows.map(({ plan_hash: planHash, kid }) => ({ planHash, kid }));
}

async function findCell(
  tx: SqlTransaction,
  { reportId, windowStart }: WindowRow,
  labels: string,
): Promise<number | undefined> {
  const row = (await tx.get(
    'SELECT cell_id FROM open_cells WHERE report_id = ? AND window_start = ? AND labels = ?',
    reportId,
    windowStart,
    labels,
  )) as { cell_id: number } | undefined;
  return row?.cell_id;
}

/**
 * Makes room for a key that is new in its window; `false` where the window holds as many as it takes. The count's row
 * is held first, so that two receivers that meet the same key count it once.
 */
async function admitKey(
  tx: SqlTransaction,
  { reportId, windowStart }: WindowRow,
  key: string,
  forUpdate: string,
): Promise<boolean> {
  if (key === OTHER_KEY) return true;
  await tx.run('INSERT INTO key_counts VALUES (?, ?, 0) ON CONFLICT DO NOTHING', reportId, windowStart);
  const { keys } = (await tx.get(
    `SELECT keys FROM key_counts WHERE report_id = ? AND window_start = ? ${forUpdate}`,
    reportId,
    windowStart,
  )) as { keys: number };
  const known = await tx.get(
    'SELECT 1 AS known FROM open_cells WHERE report_id = ? AND window_start = ? AND open_key = ? LIMIT 1',
    reportId,
    windowStart,
    key,
  );
  if (known !== undefined) return true;
  if (keys >= MAX_KEYS) return false;
  await tx.run('UPDATE key_counts SET keys = keys + 1 WHERE report_id = ? AND window_start = ?', reportId, windowStart);
  return true;
}

function heldAccumulators(rows: readonly unknown[]): HeldAccumulator[] {
  const read = rows as (Omit<HeldAccumulator, 'ciphertext'> & { readonly ciphertext: ArrayBuffer })[];
  return read.map(({ ciphertext, ...row }) => ({ ...row, ciphertext: bytesToBigInt(blobBytes(ciphertext)) }));
}
