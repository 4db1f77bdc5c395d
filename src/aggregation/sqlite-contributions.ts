/**
 * Open windows in SQLite: contribution ids and accumulators. Every method runs inside the caller's
 * transaction; products are made from what that transaction reads, so nothing is held in memory between.
 */
import { bytesToBigInt } from '../bytes.js';
import { addCiphertexts, ciphertextToBytes } from '../paillier/ciphertext.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { LabelValue } from '../plan/plan.js';
import { blobBytes, type SqliteDatabase } from '../service/sqlite.js';
import type { VerifiedContribution } from '../wire/verify.js';
import type { HeldAccumulator } from './held-accumulators.js';
import type { KeyRing } from './key-ring.js';
import type { SqliteOpenKeys } from './sqlite-open-keys.js';
import type { KeyInUse, RecordOutcome } from './store.js';

/** The ciphertext 1: an encryption of 0 to which nothing was added yet. */
const NOTHING = 1n;
/** Ids read at once: a few milliseconds. */
const ID_PAGE = 4096;

interface AccumulatorRow {
  readonly kid: string;
  readonly measurement: number;
  readonly component: number;
  readonly ciphertext: ArrayBuffer;
}

/** A combination of labels in a window that somebody contributed to. */
export interface RecordedCell {
  readonly cellId: number;
  readonly labels: readonly LabelValue[];
}

interface Accumulator {
  readonly cellId: number;
  readonly key: PublicKey;
  readonly measurement: number;
  readonly component: number;
  readonly place: number;
  product: bigint;
}

export class SqliteContributions {
  readonly #keys: KeyRing;
  readonly #openKeys: SqliteOpenKeys;
  readonly #statements;

  constructor(database: SqliteDatabase, keys: KeyRing, openKeys: SqliteOpenKeys) {
    this.#keys = keys;
    this.#openKeys = openKeys;
    this.#statements = {
      report: database.prepare(
        `SELECT report_id, max(next_window_start, accepts_from) AS accepts_from FROM reports
         WHERE plan_hash = ? AND report = ?`,
      ),
      addCell: database.prepare(
        'INSERT INTO open_cells (report_id, window_start, labels, open_key) VALUES (?, ?, ?, ?) RETURNING cell_id',
      ),
      cells: database.prepare(
        'SELECT cell_id, labels FROM open_cells WHERE report_id = ? AND window_start = ? ORDER BY labels',
      ),
      cell: database.prepare('SELECT cell_id FROM open_cells WHERE report_id = ? AND window_start = ? AND labels = ?'),
      addId: database.prepare('INSERT OR IGNORE INTO contributions (cell_id, contribution_id) VALUES (?, ?)'),
      ids: database.prepare(
        `SELECT contribution_id FROM contributions WHERE cell_id = ? AND contribution_id > ?
         ORDER BY contribution_id LIMIT ${String(ID_PAGE)}`,
      ),
      windowKids: database.prepare(
        `SELECT DISTINCT a.kid FROM open_cells c JOIN accumulators a USING (cell_id)
         WHERE c.report_id = ? AND c.window_start = ?`,
      ),
      openKids: database.prepare(
        `SELECT DISTINCT r.plan_hash, a.kid FROM reports r JOIN open_cells c USING (report_id)
         JOIN accumulators a USING (cell_id) WHERE c.window_start >= r.next_window_start`,
      ),
      accumulator: database.prepare(
        'SELECT ciphertext FROM accumulators WHERE cell_id = ? AND kid = ? AND measurement = ? AND component = ? AND place = ?',
      ),
      setAccumulator: database.prepare('INSERT OR REPLACE INTO accumulators VALUES (?, ?, ?, ?, ?, ?)'),
      accumulators: database.prepare(
        'SELECT kid, measurement, component, ciphertext FROM accumulators WHERE cell_id = ? ORDER BY component',
      ),
      ofKey: database.prepare(
        `SELECT a.kid, a.measurement, a.component, a.ciphertext FROM open_cells c JOIN accumulators a USING (cell_id)
         WHERE c.report_id = ? AND c.window_start = ? AND c.open_key = ? AND a.measurement = ?`,
      ),
    };
  }

  /** Counts each contribution once and folds the new ones. */
  record(contributions: readonly VerifiedContribution[]): RecordOutcome[] {
    const accumulators = new Map<string, Accumulator>();
    const cellOf = memoize((header: VerifiedContribution['header']) => this.#openCell(header), headerName);
    const outcomes = contributions.map((contribution): RecordOutcome => {
      const cellId = cellOf(contribution.header);
      if (typeof cellId === 'string') return cellId;
      if (this.#statements.addId.run(cellId, contribution.id).changes === 0) return 'duplicate';
      this.#fold(accumulators, cellId, contribution);
      return 'counted';
    });
    for (const accumulator of accumulators.values()) this.#add(accumulator);
    return outcomes;
  }

  /** In the order of their labels. */
  cellsOf(reportId: number, windowStart: number): RecordedCell[] {
    const rows = this.#statements.cells.all(reportId, windowStart) as { cell_id: number; labels: string }[];
    return rows.map(({ cell_id: cellId, labels }) => ({ cellId, labels: parseLabels(labels) }));
  }

  accumulatorsOf(cellId: number): HeldAccumulator[] {
    return (this.#statements.accumulators.all(cellId) as AccumulatorRow[]).map(heldAccumulator);
  }

  /** Of one measurement, in all cells of a window under one key of its open label. */
  accumulatorsOfKey(reportId: number, windowStart: number, key: string, measurement: number): HeldAccumulator[] {
    const rows = this.#statements.ofKey.all(reportId, windowStart, key, measurement) as AccumulatorRow[];
    return rows.map(heldAccumulator);
  }

  /** The next contribution ids of a cell after this one, in order; none at the end. */
  idsAfter(cellId: number, id: Uint8Array): Uint8Array[] {
    const rows = this.#statements.ids.all(cellId, id) as { contribution_id: ArrayBuffer }[];
    return rows.map((row) => blobBytes(row.contribution_id));
  }

  /** Keys under which the window holds contributions. */
  kidsOf(reportId: number, windowStart: number): string[] {
    return (this.#statements.windowKids.all(reportId, windowStart) as { kid: string }[]).map(({ kid }) => kid);
  }

  /** Keys under which windows that are not aggregated hold contributions, by plan. */
  keysInUse(): KeyInUse[] {
    const rows = this.#statements.openKids.all() as { plan_hash: string; kid: string }[];
    return rows.map(({ plan_hash: planHash, kid }) => ({ planHash, kid }));
  }

  /** The cell of a contribution, made where it is the first, or why there is none. */
  #openCell(header: VerifiedContribution['header']): number | 'late' | 'label_limit' {
    const { planHash, report, windowStart, labels } = header;
    const known = this.#statements.report.get(planHash, report) as
      { report_id: number; accepts_from: number } | undefined;
    if (known === undefined || windowStart < known.accepts_from) return 'late';
    const where = [known.report_id, windowStart, labelsText(labels)];
    const cell = this.#statements.cell.get(...where) as { cell_id: number } | undefined;
    if (cell !== undefined) return cell.cell_id;
    const key = labels.find((label) => typeof label === 'string');
    if (key !== undefined && !this.#openKeys.admit(known.report_id, windowStart, key)) return 'label_limit';
    return (this.#statements.addCell.get(...where, key ?? null) as { cell_id: number }).cell_id;
  }

  #fold(accumulators: Map<string, Accumulator>, cellId: number, { header, ciphertexts }: VerifiedContribution): void {
    const key = this.#keys.get(header.kid);
    for (const { measurement, component, ciphertexts: elements } of ciphertexts) {
      elements.forEach((element, place) => {
        const name = [cellId, header.kid, measurement, component, place].join(' ');
        const accumulator = accumulators.get(name) ?? { cellId, key, measurement, component, place, product: NOTHING };
        accumulator.product = addCiphertexts(key, accumulator.product, bytesToBigInt(element));
        accumulators.set(name, accumulator);
      });
    }
  }

  #add({ cellId, key, measurement, component, place, product }: Accumulator): void {
    const where = [cellId, key.kid, measurement, component, place];
    const stored = this.#statements.accumulator.get(...where) as { ciphertext: Uint8Array } | undefined;
    const sum = stored === undefined ? product : addCiphertexts(key, bytesToBigInt(stored.ciphertext), product);
    this.#statements.setAccumulator.run(...where, ciphertextToBytes(key, sum));
  }
}

function heldAccumulator({ ciphertext, ...row }: AccumulatorRow): HeldAccumulator {
  return { ...row, ciphertext: bytesToBigInt(blobBytes(ciphertext)) };
}

/** How a combination of labels is written in the store: positions with commas, JSON where one label is open. */
export function labelsText(labels: readonly LabelValue[]): string {
  return labels.some((label) => typeof label === 'string') ? JSON.stringify(labels) : labels.join(',');
}

export function parseLabels(text: string): LabelValue[] {
  if (text.startsWith('[')) return JSON.parse(text) as LabelValue[];
  return text === '' ? [] : text.split(',').map(Number);
}

function headerName({ planHash, report, windowStart, labels }: VerifiedContribution['header']): string {
  return [planHash, report, windowStart, labelsText(labels)].join(' ');
}

function memoize<Input, Output>(
  compute: (input: Input) => Output,
  name: (input: Input) => string,
): (input: Input) => Output {
  const known = new Map<string, Output>();
  return (input) => {
    const key = name(input);
    if (!known.has(key)) known.set(key, compute(input));
    return known.get(key) as Output;
  };
}
