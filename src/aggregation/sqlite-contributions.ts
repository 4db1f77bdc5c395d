/**
 * Open windows in SQLite: contribution ids and accumulators. Every method runs inside the caller's
 * transaction; products are made from what that transaction reads, so nothing is held in memory between.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToBigInt } from '../bytes.js';
import { addCiphertexts, ciphertextToBytes } from '../paillier/ciphertext.js';
import type { PublicKey } from '../paillier/public-key.js';
import { blobBytes, type SqliteDatabase } from '../service/sqlite.js';
import type { VerifiedContribution } from '../wire/verify.js';
import type { KeyRing } from './key-ring.js';
import type { RecordOutcome } from './store.js';

/** The ciphertext 1: an encryption of 0 to which nothing was added yet. */
const NOTHING = 1n;

/** Totals of one combination of labels in a window. */
export interface CellTotals {
  readonly count: number;
  /** SHA-256 over the sorted contribution ids. */
  readonly digest: Uint8Array;
  /** Product of all ciphertexts of a measurement under a key, accumulators joined by `slotShift` bits. */
  readonly total: (measurement: number, kid: string, slotShift: number) => bigint;
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
  readonly #statements;

  constructor(database: SqliteDatabase, keys: KeyRing) {
    this.#keys = keys;
    this.#statements = {
      report: database.prepare('SELECT report_id, next_window_start FROM reports WHERE plan_hash = ? AND report = ?'),
      addCell: database.prepare('INSERT OR IGNORE INTO open_cells (report_id, window_start, labels) VALUES (?, ?, ?)'),
      cell: database.prepare('SELECT cell_id FROM open_cells WHERE report_id = ? AND window_start = ? AND labels = ?'),
      addId: database.prepare('INSERT OR IGNORE INTO contributions (cell_id, contribution_id) VALUES (?, ?)'),
      ids: database.prepare('SELECT contribution_id FROM contributions WHERE cell_id = ? ORDER BY contribution_id'),
      accumulator: database.prepare(
        'SELECT ciphertext FROM accumulators WHERE cell_id = ? AND kid = ? AND measurement = ? AND component = ? AND place = ?',
      ),
      setAccumulator: database.prepare('INSERT OR REPLACE INTO accumulators VALUES (?, ?, ?, ?, ?, ?)'),
      accumulators: database.prepare(
        'SELECT kid, measurement, component, ciphertext FROM accumulators WHERE cell_id = ? ORDER BY component',
      ),
    };
  }

  /** Counts each contribution once and folds the new ones. */
  record(contributions: readonly VerifiedContribution[]): RecordOutcome[] {
    const accumulators = new Map<string, Accumulator>();
    const cellOf = memoize((header: VerifiedContribution['header']) => this.#openCell(header), headerName);
    const outcomes = contributions.map((contribution): RecordOutcome => {
      const cellId = cellOf(contribution.header);
      if (cellId === undefined) return 'late';
      if (this.#statements.addId.run(cellId, contribution.id).changes === 0) return 'duplicate';
      this.#fold(accumulators, cellId, contribution);
      return 'counted';
    });
    for (const accumulator of accumulators.values()) this.#add(accumulator);
    return outcomes;
  }

  /** Totals of a cell; of nothing where nobody contributed. */
  totals(reportId: number, windowStart: number, labels: string): CellTotals {
    const cell = this.#statements.cell.get(reportId, windowStart, labels) as { cell_id: number } | undefined;
    const accumulators = new Map<string, bigint[]>();
    const digest = sha256.create();
    let count = 0;
    if (cell !== undefined) {
      const rows = this.#statements.accumulators.all(cell.cell_id) as {
        kid: string;
        measurement: number;
        component: number;
        ciphertext: ArrayBuffer;
      }[];
      for (const { kid, measurement, component, ciphertext } of rows) {
        const name = `${String(measurement)} ${kid}`;
        const held = accumulators.get(name) ?? [];
        held[component] = bytesToBigInt(blobBytes(ciphertext));
        accumulators.set(name, held);
      }
      for (const row of this.#statements.ids.iterate(cell.cell_id)) {
        digest.update(blobBytes((row as { contribution_id: ArrayBuffer }).contribution_id));
        count += 1;
      }
    }
    const total = (measurement: number, kid: string, slotShift: number): bigint =>
      joinAccumulators(this.#keys.get(kid), accumulators.get(`${String(measurement)} ${kid}`) ?? [], slotShift);
    return { count, digest: digest.digest(), total };
  }

  /** The cell of a contribution, made where it is the first; `undefined` where its window is closed. */
  #openCell({ planHash, report, windowStart, labels }: VerifiedContribution['header']): number | undefined {
    const known = this.#statements.report.get(planHash, report) as
      { report_id: number; next_window_start: number } | undefined;
    if (known === undefined || windowStart < known.next_window_start) return undefined;
    const where = [known.report_id, windowStart, labelsText(labels)];
    this.#statements.addCell.run(...where);
    return (this.#statements.cell.get(...where) as { cell_id: number }).cell_id;
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

/** Horner's rule on ciphertexts: the sum of all plaintexts, that of accumulator i times 2^(i slotShift). */
function joinAccumulators(key: PublicKey, accumulators: readonly (bigint | undefined)[], slotShift: number): bigint {
  let joined = NOTHING;
  for (const accumulator of Array.from(accumulators).reverse()) {
    for (let bit = 0; bit < slotShift; bit += 1) joined = addCiphertexts(key, joined, joined);
    joined = addCiphertexts(key, joined, accumulator ?? NOTHING);
  }
  return joined;
}

/** How a combination of labels is written in the store. */
export function labelsText(labels: readonly number[]): string {
  return labels.join(',');
}

export function parseLabels(text: string): number[] {
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
