/**
 * What running totals need of the earlier windows of their budget period: what those held, one ciphertext per cell,
 * key and window where anybody contributed, kept until the period is over; and what was released of them.
 * Every function runs inside the caller's transaction.
 */
import { bytesToBigInt } from '../bytes.js';
import { blobBytes } from './blob-bytes.js';
import { labelsText } from './labels-text.js';
import { parseOutcome } from './outcome-json.js';
import type { SqlTransaction } from './sql-database.js';
import type { ClosingCell, EarlierRelease, KeyInUse, TimeSpan, WindowKey } from './store.js';

/** One window's product of a cell under one key. */
export interface WindowProduct {
  readonly measurement: number;
  readonly labels: ClosingCell['labels'];
  readonly kid: string;
  readonly ciphertext: Uint8Array;
}

/** A cell under one key. */
export interface ProductKey {
  readonly reportId: number;
  readonly measurement: number;
  readonly labels: ClosingCell['labels'];
  readonly kid: string;
}

/** Rows deleted in one call: a few milliseconds. */
const BATCH = 1000;

const RELEASES = `SELECT w.window_start, e.outcome FROM reports r JOIN windows t USING (report_id)
  JOIN window_cells c ON c.window_id = t.window_id AND c.position = ?
  JOIN windows w ON w.report_id = t.report_id AND w.period_end = t.period_end AND w.window_start < t.window_start
  LEFT JOIN window_cells e ON e.window_id = w.window_id AND e.position = c.position
    AND e.measurement = c.measurement AND e.labels = c.labels
  WHERE r.plan_hash = ? AND r.report = ? AND t.window_start = ? ORDER BY w.window_start`;

const SWEEP = `DELETE FROM period_products WHERE (report_id, measurement, labels, kid, window_start) IN
  (SELECT report_id, measurement, labels, kid, window_start FROM period_products p JOIN reports r USING (report_id)
   WHERE p.period_end <= r.next_window_start LIMIT ${String(BATCH)})`;

export async function keepProducts(
  tx: SqlTransaction,
  { reportId, windowStart, periodEnd }: { reportId: number; windowStart: number; periodEnd: number },
  products: readonly WindowProduct[],
): Promise<void> {
  for (const { measurement, labels, kid, ciphertext } of products) {
    await tx.run(
      'INSERT INTO period_products VALUES (?, ?, ?, ?, ?, ?, ?)',
      reportId,
      measurement,
      labelsText(labels),
      kid,
      windowStart,
      periodEnd,
      ciphertext,
    );
  }
}

/** By window start, for the windows that start in this span; nothing for those without contributions. */
export async function productsBetween(
  tx: SqlTransaction,
  { reportId, measurement, labels, kid }: ProductKey,
  { start, end }: TimeSpan,
): Promise<Map<number, bigint>> {
  const rows = (await tx.all(
    `SELECT window_start, ciphertext FROM period_products
     WHERE report_id = ? AND measurement = ? AND labels = ? AND kid = ? AND window_start >= ? AND window_start < ?`,
    reportId,
    measurement,
    labelsText(labels),
    kid,
    start,
    end,
  )) as { window_start: number; ciphertext: ArrayBuffer }[];
  return new Map(rows.map((row) => [row.window_start, bytesToBigInt(blobBytes(row.ciphertext))]));
}

/** Of the cell at this position; windows of a period are asked for in order, so each earlier one is answered. */
export async function earlierReleases(
  tx: SqlTransaction,
  { planHash, report, windowStart }: WindowKey,
  position: number,
): Promise<EarlierRelease[]> {
  const rows = (await tx.all(RELEASES, position, planHash, report, windowStart)) as {
    window_start: number;
    outcome: string | null;
  }[];
  return rows.map(({ window_start, outcome }) => {
    const known = outcome === null ? undefined : parseOutcome(outcome);
    return { windowStart: window_start, values: known?.status === 'released' ? known.values : undefined };
  });
}

/** Keys under which windows of this period of the report hold something. */
export async function periodKids(tx: SqlTransaction, reportId: number, periodEnd: number): Promise<string[]> {
  const rows = (await tx.all(
    'SELECT DISTINCT kid FROM period_products WHERE report_id = ? AND period_end = ?',
    reportId,
    periodEnd,
  )) as { kid: string }[];
  return rows.map(({ kid }) => kid);
}

/** Keys under which later totals of a period will be made, by plan. */
export async function periodKeys(tx: SqlTransaction): Promise<KeyInUse[]> {
  const rows = (await tx.all(
    `SELECT DISTINCT r.plan_hash, p.kid FROM period_products p JOIN reports r USING (report_id)
     WHERE p.period_end > r.next_window_start`,
  )) as { plan_hash: string; kid: string }[];
  return rows.map(({ plan_hash: planHash, kid }) => ({ planHash, kid }));
}

/** Deletes some of what belongs to periods that are over. @returns whether there was any. */
export async function sweepPeriods(tx: SqlTransaction): Promise<boolean> {
  return (await tx.run(SWEEP)) > 0;
}
