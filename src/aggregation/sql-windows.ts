/** Closed windows: aggregated, answered, published (see store.ts). Runs inside the caller's transaction. */
import { fromBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import type { LabelValue } from '../plan/plan.js';
import { blobBytes } from './blob-bytes.js';
import type { KeyedAggregate, WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import { labelsText, parseLabels } from './labels-text.js';
import { serializeOutcome } from './outcome-json.js';
import type { SqlTransaction } from './sql-database.js';
import { openFrom } from './sql-reports.js';
import type { ClosingWindow, DecodedTotal, SkippedWindow, WindowKey } from './store.js';

export interface WindowRow {
  readonly window_id: number;
  readonly plan_hash: string;
  readonly report: number;
  readonly window_start: number;
  readonly window_end: number;
  readonly skipped: number;
  readonly budget: string | null;
}

export interface CellRow {
  readonly position: number;
  readonly measurement: number;
  readonly labels: string;
  readonly count: number;
  readonly digest: ArrayBuffer;
  readonly outcome: string | null;
  readonly total: string | null;
}

/** A cell whose final ciphertexts are known. */
export interface AggregatedCell {
  readonly measurement: number;
  readonly labels: readonly LabelValue[];
  readonly count: number;
  readonly digest: Uint8Array;
  readonly aggregates: readonly KeyedAggregate[];
}

export const SELECT_WINDOW = 'SELECT w.*, r.plan_hash, r.report FROM windows w JOIN reports r USING (report_id)';

/** closing -> aggregated. */
export async function aggregateWindow(
  tx: SqlTransaction,
  reportId: number,
  window: ClosingWindow,
  cells: readonly AggregatedCell[],
): Promise<void> {
  const id = await insertWindow(tx, reportId, window, { state: 'aggregated', skipped: 0 }, window.totals?.period.end);
  for (const [position, { measurement, labels, count, digest, aggregates }] of cells.entries()) {
    await tx.run(
      'INSERT INTO window_cells (window_id, position, measurement, labels, count, digest) VALUES (?, ?, ?, ?, ?, ?)',
      id,
      position,
      measurement,
      labelsText(labels),
      count,
      digest,
    );
    for (const [ordinal, { kid, ciphertext }] of aggregates.entries()) {
      await tx.run('INSERT INTO window_aggregates VALUES (?, ?, ?, ?, ?)', id, position, ordinal, kid, ciphertext);
    }
  }
}

/** open -> answered. */
export async function skipWindow(tx: SqlTransaction, reportId: number, window: SkippedWindow): Promise<void> {
  await insertWindow(tx, reportId, window, { state: 'answered', skipped: 1 });
}

/** The oldest first. */
export async function aggregatedWindows(tx: SqlTransaction): Promise<WindowKey[]> {
  const rows = await tx.all(`${SELECT_WINDOW} WHERE w.state = 'aggregated' ORDER BY w.window_end, w.window_id`);
  return (rows as WindowRow[]).map(keyOfWindow);
}

export async function isAggregated(tx: SqlTransaction, window: WindowKey): Promise<boolean> {
  return (await findAggregated(tx, window)) !== undefined;
}

/** What the key holder is asked with. */
export async function releaseRequest(tx: SqlTransaction, window: WindowKey): Promise<WindowReleaseRequest> {
  const row = await foundAggregated(tx, window);
  const aggregates = await aggregatesOf(tx, row);
  const cells = (await cellsOfWindow(tx, row)).map(({ position, measurement, labels, count, digest }) => ({
    measurement,
    labels: parseLabels(labels),
    aggregates: aggregates.get(position) ?? [],
    count,
    digest: blobBytes(digest),
  }));
  const planHash = fromBase64Url(row.plan_hash) ?? new Uint8Array(0);
  return { planHash, report: row.report, windowStart: row.window_start, windowEnd: row.window_end, cells };
}

/** aggregated -> answered. */
export async function answerWindow(
  tx: SqlTransaction,
  window: WindowKey,
  response: WindowReleaseResponse,
  totals: readonly (DecodedTotal | undefined)[],
): Promise<void> {
  const { window_id: id } = await foundAggregated(tx, window);
  for (const [position, outcome] of response.cells.entries()) {
    const total = totals[position];
    await tx.run(
      'UPDATE window_cells SET outcome = ?, total = ? WHERE window_id = ? AND position = ?',
      serializeOutcome(outcome),
      total === undefined ? null : JSON.stringify(total),
      id,
      position,
    );
  }
  const budget = JSON.stringify(response.budget);
  await tx.run(`UPDATE windows SET state = 'answered', budget = ? WHERE window_id = ?`, budget, id);
  await tx.run('DELETE FROM window_aggregates WHERE window_id = ?', id);
}

export async function cellsOfWindow(tx: SqlTransaction, { window_id: id }: WindowRow): Promise<CellRow[]> {
  return (await tx.all('SELECT * FROM window_cells WHERE window_id = ? ORDER BY position', id)) as CellRow[];
}

export function keyOfWindow({ plan_hash: planHash, report, window_start: windowStart }: WindowRow): WindowKey {
  return { planHash, report, windowStart };
}

async function insertWindow(
  tx: SqlTransaction,
  reportId: number,
  { windowStart, windowEnd, publishAt }: SkippedWindow,
  { state, skipped }: { readonly state: 'aggregated' | 'answered'; readonly skipped: 0 | 1 },
  periodEnd?: number,
): Promise<number> {
  await openFrom(tx, reportId, windowEnd);
  const row = await tx.get(
    `INSERT INTO windows (report_id, window_start, window_end, publish_at, state, skipped, period_end)
     VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING window_id`,
    reportId,
    windowStart,
    windowEnd,
    publishAt,
    state,
    skipped,
    periodEnd ?? null,
  );
  return (row as { window_id: number }).window_id;
}

async function findAggregated(
  tx: SqlTransaction,
  { planHash, report, windowStart }: WindowKey,
): Promise<WindowRow | undefined> {
  return (await tx.get(
    `${SELECT_WINDOW} WHERE w.state = 'aggregated' AND r.plan_hash = ? AND r.report = ? AND w.window_start = ?`,
    planHash,
    report,
    windowStart,
  )) as WindowRow | undefined;
}

async function foundAggregated(tx: SqlTransaction, window: WindowKey): Promise<WindowRow> {
  const row = await findAggregated(tx, window);
  if (row !== undefined) return row;
  throw new TelemetryKitError('invalid_argument', 'the window is not waiting for an answer', {
    fix: 'ask for windows that unanswered() names',
  });
}

/** Aggregates by the position of their cell. */
async function aggregatesOf(
  tx: SqlTransaction,
  { window_id: id }: WindowRow,
): Promise<ReadonlyMap<number, KeyedAggregate[]>> {
  const rows = (await tx.all('SELECT * FROM window_aggregates WHERE window_id = ? ORDER BY position, ordinal', id)) as {
    position: number;
    kid: string;
    ciphertext: ArrayBuffer;
  }[];
  const byPosition = new Map<number, KeyedAggregate[]>();
  for (const { position, kid, ciphertext } of rows) {
    const aggregates = byPosition.get(position) ?? [];
    aggregates.push({ kid, ciphertext: blobBytes(ciphertext) });
    byPosition.set(position, aggregates);
  }
  return byPosition;
}
