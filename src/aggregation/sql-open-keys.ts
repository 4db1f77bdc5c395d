/**
 * Windows whose open label waits for the key holder's selection: the keys that were met, and what it is asked with.
 * Every function runs inside the caller's transaction.
 */
import { fromBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { OTHER_KEY } from '../plan/labels.js';
import { blobBytes } from './blob-bytes.js';
import type { KeyAggregate, KeyedAggregate, SelectionRequest } from '../wire/release.js';
import type { SqlTransaction } from './sql-database.js';
import { openFrom } from './sql-reports.js';
import type { SkippedWindow, WindowKey } from './store.js';

interface SelectionRow {
  readonly selection_id: number;
  readonly report_id: number;
  readonly plan_hash: string;
  readonly report: number;
  readonly window_start: number;
  readonly window_end: number;
}

const SELECT = 'SELECT s.*, r.plan_hash, r.report FROM selections s JOIN reports r USING (report_id)';

/** Every key that was met in a window, in the order of their bytes. */
export async function openKeysOf(tx: SqlTransaction, reportId: number, windowStart: number): Promise<string[]> {
  const rows = (await tx.all(
    `SELECT DISTINCT open_key FROM open_cells WHERE report_id = ? AND window_start = ? AND open_key <> ?
     ORDER BY open_key`,
    reportId,
    windowStart,
    OTHER_KEY,
  )) as { open_key: string }[];
  return rows.map(({ open_key: key }) => key);
}

/** closing -> selecting. */
export async function beginSelecting(
  tx: SqlTransaction,
  reportId: number,
  { windowStart, windowEnd, publishAt }: SkippedWindow,
  keys: readonly KeyAggregate[],
): Promise<void> {
  await openFrom(tx, reportId, windowEnd);
  const { selection_id: id } = (await tx.get(
    'INSERT INTO selections (report_id, window_start, window_end, publish_at) VALUES (?, ?, ?, ?) RETURNING selection_id',
    reportId,
    windowStart,
    windowEnd,
    publishAt,
  )) as { selection_id: number };
  for (const { key, aggregates } of keys) {
    for (const [ordinal, { kid, ciphertext }] of aggregates.entries()) {
      await tx.run('INSERT INTO selection_keys VALUES (?, ?, ?, ?, ?)', id, key, ordinal, kid, ciphertext);
    }
  }
}

/** Windows whose keys are not selected yet, the oldest first. */
export async function selectingWindows(tx: SqlTransaction): Promise<WindowKey[]> {
  const rows = (await tx.all(`${SELECT} ORDER BY s.window_end, s.selection_id`)) as SelectionRow[];
  return rows.map((row) => ({ planHash: row.plan_hash, report: row.report, windowStart: row.window_start }));
}

export async function selectionRequest(tx: SqlTransaction, window: WindowKey): Promise<SelectionRequest> {
  const row = await foundSelection(tx, window);
  const rows = (await tx.all(
    'SELECT open_key, kid, ciphertext FROM selection_keys WHERE selection_id = ? ORDER BY open_key, ordinal',
    row.selection_id,
  )) as { open_key: string; kid: string; ciphertext: ArrayBuffer }[];
  const keys = new Map<string, KeyedAggregate[]>();
  for (const { open_key: key, kid, ciphertext } of rows) {
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

export async function isSelecting(tx: SqlTransaction, window: WindowKey): Promise<boolean> {
  return (await findSelection(tx, window)) !== undefined;
}

/** Row id of the report whose window waits for its selection. */
export async function selectingReport(tx: SqlTransaction, window: WindowKey): Promise<number> {
  return (await foundSelection(tx, window)).report_id;
}

/** The selection is made: nothing of it is kept but what the window's cells say. */
export async function endSelecting(tx: SqlTransaction, window: WindowKey): Promise<void> {
  const { selection_id: id } = await foundSelection(tx, window);
  await tx.run('DELETE FROM selection_keys WHERE selection_id = ?', id);
  await tx.run('DELETE FROM selections WHERE selection_id = ?', id);
}

async function findSelection(
  tx: SqlTransaction,
  { planHash, report, windowStart }: WindowKey,
): Promise<SelectionRow | undefined> {
  return (await tx.get(
    `${SELECT} WHERE r.plan_hash = ? AND r.report = ? AND s.window_start = ?`,
    planHash,
    report,
    windowStart,
  )) as SelectionRow | undefined;
}

async function foundSelection(tx: SqlTransaction, window: WindowKey): Promise<SelectionRow> {
  const row = await findSelection(tx, window);
  if (row !== undefined) return row;
  throw new TelemetryKitError('invalid_argument', 'the window does not wait for the selection of its keys', {
    fix: 'ask for windows that unselected() names',
  });
}
