/**
 * What running totals need of the earlier windows of their budget period, in SQLite: what those held, one ciphertext
 * per cell, key and window where anybody contributed, kept until the period is over; and what was released of them.
 * Every method runs inside the caller's transaction.
 */
import { bytesToBigInt } from '../bytes.js';
import { blobBytes, type SqliteDatabase } from '../service/sqlite.js';
import { parseOutcome } from './outcome-json.js';
import { labelsText } from './sqlite-contributions.js';
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

export class SqlitePeriods {
  readonly #statements;

  constructor(database: SqliteDatabase) {
    this.#statements = {
      keep: database.prepare('INSERT INTO period_products VALUES (?, ?, ?, ?, ?, ?, ?)'),
      between: database.prepare(
        `SELECT window_start, ciphertext FROM period_products
         WHERE report_id = ? AND measurement = ? AND labels = ? AND kid = ? AND window_start >= ? AND window_start < ?`,
      ),
      kids: database.prepare('SELECT DISTINCT kid FROM period_products WHERE report_id = ? AND period_end = ?'),
      releases: database.prepare(
        `SELECT w.window_start, e.outcome FROM reports r JOIN windows t USING (report_id)
         JOIN window_cells c ON c.window_id = t.window_id AND c.position = ?
         JOIN windows w ON w.report_id = t.report_id AND w.period_end = t.period_end AND w.window_start < t.window_start
         LEFT JOIN window_cells e ON e.window_id = w.window_id AND e.position = c.position
           AND e.measurement = c.measurement AND e.labels = c.labels
         WHERE r.plan_hash = ? AND r.report = ? AND t.window_start = ? ORDER BY w.window_start`,
      ),
      inUse: database.prepare(
        `SELECT DISTINCT r.plan_hash, p.kid FROM period_products p JOIN reports r USING (report_id)
         WHERE p.period_end > r.next_window_start`,
      ),
      dropOver: database.prepare(
        `DELETE FROM period_products WHERE (report_id, measurement, labels, kid, window_start) IN
         (SELECT report_id, measurement, labels, kid, window_start FROM period_products p JOIN reports r USING (report_id)
          WHERE p.period_end <= r.next_window_start LIMIT ${String(BATCH)})`,
      ),
    };
  }

  keep(reportId: number, windowStart: number, periodEnd: number, products: readonly WindowProduct[]): void {
    for (const { measurement, labels, kid, ciphertext } of products) {
      this.#statements.keep.run(reportId, measurement, labelsText(labels), kid, windowStart, periodEnd, ciphertext);
    }
  }

  /** By window start, for the windows that start in this span; nothing for those without contributions. */
  between({ reportId, measurement, labels, kid }: ProductKey, { start, end }: TimeSpan): Map<number, bigint> {
    const rows = this.#statements.between.all(reportId, measurement, labelsText(labels), kid, start, end) as {
      window_start: number;
      ciphertext: ArrayBuffer;
    }[];
    return new Map(rows.map((row) => [row.window_start, bytesToBigInt(blobBytes(row.ciphertext))]));
  }

  /** Of the cell at this position; windows of a period are asked for in order, so each earlier one is answered. */
  earlierReleases({ planHash, report, windowStart }: WindowKey, position: number): EarlierRelease[] {
    const rows = this.#statements.releases.all(position, planHash, report, windowStart) as {
      window_start: number;
      outcome: string | null;
    }[];
    return rows.map(({ window_start, outcome }) => {
      const known = outcome === null ? undefined : parseOutcome(outcome);
      return { windowStart: window_start, values: known?.status === 'released' ? known.values : undefined };
    });
  }

  /** Keys under which windows of this period of the report hold something. */
  kidsOf(reportId: number, periodEnd: number): string[] {
    return (this.#statements.kids.all(reportId, periodEnd) as { kid: string }[]).map(({ kid }) => kid);
  }

  /** Keys under which later totals of a period will be made, by plan. */
  keysInUse(): KeyInUse[] {
    const rows = this.#statements.inUse.all() as { plan_hash: string; kid: string }[];
    return rows.map(({ plan_hash: planHash, kid }) => ({ planHash, kid }));
  }

  /** Deletes some of what belongs to periods that are over. @returns whether there was any. */
  sweep(): boolean {
    return this.#statements.dropOver.run().changes > 0;
  }
}
