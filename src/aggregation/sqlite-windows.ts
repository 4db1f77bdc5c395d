/** Closed windows in SQLite: aggregated, answered, published (see store.ts). Runs inside the caller's transaction. */
import { TelemetryKitError } from '../errors.js';
import { fromBase64Url } from '../bytes.js';
import type { LabelValue } from '../plan/plan.js';
import { blobBytes, type SqliteDatabase } from '../service/sqlite.js';
import type { KeyedAggregate, WindowReleaseRequest, WindowReleaseResponse } from '../wire/release.js';
import { parseOutcome, serializeOutcome } from './outcome-json.js';
import { labelsText, parseLabels } from './sqlite-contributions.js';
import type { AnsweredWindow, ClosingWindow, DecodedTotal, ReportKey, SkippedWindow, WindowKey } from './store.js';

interface WindowRow {
  readonly window_id: number;
  readonly plan_hash: string;
  readonly report: number;
  readonly window_start: number;
  readonly window_end: number;
  readonly skipped: number;
  readonly budget: string | null;
}

interface CellRow {
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

const SELECT_WINDOW = 'SELECT w.*, r.plan_hash, r.report FROM windows w JOIN reports r USING (report_id)';

export class SqliteWindows {
  readonly #statements;

  constructor(database: SqliteDatabase) {
    this.#statements = {
      insert: database.prepare(
        `INSERT INTO windows (report_id, window_start, window_end, publish_at, state, skipped, period_end)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ),
      insertCell: database.prepare(
        'INSERT INTO window_cells (window_id, position, measurement, labels, count, digest) VALUES (?, ?, ?, ?, ?, ?)',
      ),
      insertAggregate: database.prepare('INSERT INTO window_aggregates VALUES (?, ?, ?, ?, ?)'),
      byState: database.prepare(`${SELECT_WINDOW} WHERE w.state = ? ORDER BY w.window_end, w.window_id`),
      due: database.prepare(
        `${SELECT_WINDOW} WHERE w.state = 'answered' AND w.publish_at <= ? ORDER BY w.window_end, w.window_id`,
      ),
      find: database.prepare(
        `${SELECT_WINDOW} WHERE w.state = ? AND r.plan_hash = ? AND r.report = ? AND w.window_start = ?`,
      ),
      latest: database.prepare(
        `${SELECT_WINDOW} WHERE w.state = 'published' AND r.plan_hash = ? AND r.report = ? ORDER BY w.window_start DESC LIMIT 1`,
      ),
      published: database.prepare(
        `${SELECT_WINDOW} WHERE w.state = 'published' ORDER BY w.publication, w.window_end, w.window_id`,
      ),
      cells: database.prepare('SELECT * FROM window_cells WHERE window_id = ? ORDER BY position'),
      aggregates: database.prepare('SELECT * FROM window_aggregates WHERE window_id = ? ORDER BY position, ordinal'),
      setOutcome: database.prepare(
        'UPDATE window_cells SET outcome = ?, total = ? WHERE window_id = ? AND position = ?',
      ),
      answer: database.prepare(`UPDATE windows SET state = 'answered', budget = ? WHERE window_id = ?`),
      dropAggregates: database.prepare('DELETE FROM window_aggregates WHERE window_id = ?'),
      publish: database.prepare(`UPDATE windows SET state = 'published', publication = ? WHERE window_id = ?`),
      nextWindow: database.prepare(
        'UPDATE reports SET next_window_start = max(next_window_start, ?) WHERE report_id = ?',
      ),
    };
  }

  aggregate(reportId: number, window: ClosingWindow, cells: readonly AggregatedCell[]): void {
    const id = this.#insert(reportId, window, { state: 'aggregated', skipped: 0 }, window.totals?.period.end);
    cells.forEach(({ measurement, labels, count, digest, aggregates }, position) => {
      this.#statements.insertCell.run(id, position, measurement, labelsText(labels), count, digest);
      aggregates.forEach(({ kid, ciphertext }, ordinal) => {
        this.#statements.insertAggregate.run(id, position, ordinal, kid, ciphertext);
      });
    });
  }

  skip(reportId: number, window: SkippedWindow): void {
    this.#insert(reportId, window, { state: 'answered', skipped: 1 });
  }

  unanswered(): WindowKey[] {
    return (this.#statements.byState.all('aggregated') as WindowRow[]).map(keyOf);
  }

  request(window: WindowKey): WindowReleaseRequest {
    const row = this.#find('aggregated', window);
    const aggregates = this.#aggregates(row);
    const cells = this.#cells(row).map(({ position, measurement, labels, count, digest }) => ({
      measurement,
      labels: parseLabels(labels),
      aggregates: aggregates.get(position) ?? [],
      count,
      digest: blobBytes(digest),
    }));
    const planHash = fromBase64Url(row.plan_hash) ?? new Uint8Array(0);
    return { planHash, report: row.report, windowStart: row.window_start, windowEnd: row.window_end, cells };
  }

  answer(window: WindowKey, response: WindowReleaseResponse, totals: readonly (DecodedTotal | undefined)[]): void {
    const { window_id: id } = this.#find('aggregated', window);
    response.cells.forEach((outcome, position) => {
      const total = totals[position];
      const decoded = total === undefined ? null : JSON.stringify(total);
      this.#statements.setOutcome.run(serializeOutcome(outcome), decoded, id, position);
    });
    this.#statements.answer.run(JSON.stringify(response.budget), id);
    this.#statements.dropAggregates.run(id);
  }

  publishDue(now: number): WindowKey[] {
    const due = this.#statements.due.all(now) as WindowRow[];
    for (const { window_id: id } of due) this.#statements.publish.run(now, id);
    return due.map(keyOf);
  }

  latestPublished({ planHash, report }: ReportKey): AnsweredWindow | undefined {
    const row = this.#statements.latest.get(planHash, report) as WindowRow | undefined;
    return row === undefined ? undefined : this.#answered(row);
  }

  published(): AnsweredWindow[] {
    return (this.#statements.published.all() as WindowRow[]).map((row) => this.#answered(row));
  }

  #insert(
    reportId: number,
    { windowStart, windowEnd, publishAt }: SkippedWindow,
    { state, skipped }: { readonly state: 'aggregated' | 'answered'; readonly skipped: 0 | 1 },
    periodEnd?: number,
  ): number {
    this.#statements.nextWindow.run(windowEnd, reportId);
    const { lastInsertRowid } = this.#statements.insert.run(
      reportId,
      windowStart,
      windowEnd,
      publishAt,
      state,
      skipped,
      periodEnd ?? null,
    );
    return Number(lastInsertRowid);
  }

  #find(state: 'aggregated', { planHash, report, windowStart }: WindowKey): WindowRow {
    const row = this.#statements.find.get(state, planHash, report, windowStart) as WindowRow | undefined;
    if (row !== undefined) return row;
    throw new TelemetryKitError('invalid_argument', 'the window is not waiting for an answer', {
      fix: 'ask for windows that unanswered() names',
    });
  }

  #cells({ window_id: id }: WindowRow): CellRow[] {
    return this.#statements.cells.all(id) as CellRow[];
  }

  /** Aggregates by the position of their cell. */
  #aggregates({ window_id: id }: WindowRow): Map<number, KeyedAggregate[]> {
    const byPosition = new Map<number, KeyedAggregate[]>();
    for (const row of this.#statements.aggregates.iterate(id)) {
      const { position, kid, ciphertext } = row as { position: number; kid: string; ciphertext: ArrayBuffer };
      const aggregates = byPosition.get(position) ?? [];
      aggregates.push({ kid, ciphertext: blobBytes(ciphertext) });
      byPosition.set(position, aggregates);
    }
    return byPosition;
  }

  #answered(row: WindowRow): AnsweredWindow {
    const cells = this.#cells(row).map(({ measurement, labels, outcome, total }) => ({
      measurement,
      labels: parseLabels(labels),
      outcome: parseOutcome(outcome ?? ''),
      total: total === null ? undefined : (JSON.parse(total) as DecodedTotal),
    }));
    const budget = row.budget === null ? undefined : (JSON.parse(row.budget) as AnsweredWindow['budget']);
    return { ...keyOf(row), windowEnd: row.window_end, skipped: row.skipped === 1, cells, budget };
  }
}

function keyOf({ plan_hash: planHash, report, window_start: windowStart }: WindowRow): WindowKey {
  return { planHash, report, windowStart };
}
