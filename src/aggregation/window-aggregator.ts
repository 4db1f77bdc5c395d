/**
 * Makes the final ciphertexts of a window that takes no contributions any more: cell by cell, read in short
 * transactions, joined outside of them, with turns of the event loop in between. Of a running total the final
 * ciphertext is made of the window and of the earlier ones of its period.
 */
import { setImmediate } from 'node:timers/promises';
import { sha256 } from '@noble/hashes/sha2.js';
import { addCiphertexts, ciphertextToBytes } from '../paillier/ciphertext.js';
import type { PublicKey } from '../paillier/public-key.js';
import { OTHER_KEY } from '../plan/labels.js';
import type { LabelValue } from '../plan/plan.js';
import { evaluateTotal } from './evaluate-total.js';
import { HeldAccumulators } from './held-accumulators.js';
import { fixedZero, joinAccumulators } from './join-accumulators.js';
import type { KeyRing } from './key-ring.js';
import { labelsText } from './labels-text.js';
import type { SqlTransaction } from './sql-database.js';
import { accumulatorsOf, cellsOf, idsAfter } from './sql-open-cells.js';
import { productsBetween, type ProductKey, type WindowProduct } from './sql-periods.js';
import type { AggregatedCell } from './sql-windows.js';
import type { ClosingCell, ClosingTotals, ClosingWindow } from './store.js';

/** What one combination of labels holds. */
interface CellTotals {
  readonly count: number;
  /** SHA-256 over the contribution ids, sorted within a cell, cell by cell in the order of their labels. */
  readonly digest: Uint8Array;
  readonly accumulators: HeldAccumulators;
}

export interface AggregatedWindow {
  readonly cells: readonly AggregatedCell[];
  /** What has to be kept for later totals of the period. */
  readonly products: readonly WindowProduct[];
}

/** Runs a transaction that only reads. */
export type Transact = <Result>(read: (tx: SqlTransaction) => Promise<Result>) => Promise<Result>;

export class WindowAggregator {
  readonly #keys: KeyRing;
  readonly #transact: Transact;
  readonly #zeros = new Map<PublicKey, bigint>();

  constructor(keys: KeyRing, transact: Transact) {
    this.#keys = keys;
    this.#transact = transact;
  }

  async aggregate(reportId: number, window: ClosingWindow): Promise<AggregatedWindow> {
    const cellsOf = await this.#cellsByTarget(reportId, window);
    const totalsOf = new Map<string, CellTotals>();
    const cells: AggregatedCell[] = [];
    const products: WindowProduct[] = [];
    for (const cell of window.cells) {
      const labels = labelsText(cell.labels);
      const totals = totalsOf.get(labels) ?? (await this.#totals(cellsOf.get(labels) ?? []));
      totalsOf.set(labels, totals);
      cells.push(await this.#join(reportId, window, cell, totals, products));
    }
    return { cells, products };
  }

  /** Which recorded cells make up which released one: of an open label those of all other keys make up one. */
  async #cellsByTarget(
    reportId: number,
    { windowStart, cells }: ClosingWindow,
  ): Promise<ReadonlyMap<string, readonly number[]>> {
    const released = new Set(cells.flatMap(({ labels }) => labels));
    const targets = new Map<string, number[]>();
    for (const { cellId, labels } of await this.#transact((tx) => cellsOf(tx, reportId, windowStart))) {
      const isOther = (label: LabelValue): boolean => typeof label === 'string' && !released.has(label);
      const target = labelsText(labels.map((label) => (isOther(label) ? OTHER_KEY : label)));
      const cellIds = targets.get(target) ?? [];
      cellIds.push(cellId);
      targets.set(target, cellIds);
    }
    return targets;
  }

  async #totals(cellIds: readonly number[]): Promise<CellTotals> {
    const digest = sha256.create();
    const accumulators = new HeldAccumulators(this.#keys);
    let count = 0;
    for (const cellId of cellIds) {
      const rows = await this.#transact((tx) => accumulatorsOf(tx, cellId));
      for (const row of rows) accumulators.add(row);
      count += await this.#countIds(cellId, digest);
    }
    return { count, digest: digest.digest(), accumulators };
  }

  async #countIds(cellId: number, digest: ReturnType<typeof sha256.create>): Promise<number> {
    let count = 0;
    let last: Uint8Array = new Uint8Array(0);
    for (;;) {
      const after = last;
      const ids = await this.#transact((tx) => idsAfter(tx, cellId, after));
      if (ids.length === 0) return count;
      for (const id of ids) digest.update(id);
      count += ids.length;
      last = ids.at(-1) ?? last;
      await setImmediate();
    }
  }

  /** Adds what has to be kept of the cell to `products`. */
  async #join(
    reportId: number,
    window: ClosingWindow,
    cell: ClosingCell,
    { count, digest, accumulators }: CellTotals,
    products: WindowProduct[],
  ): Promise<AggregatedCell> {
    const { measurement, labels, slotShift, factors } = cell;
    const totals = window.totals?.measurements.includes(measurement) === true ? window.totals : undefined;
    const aggregates: { kid: string; ciphertext: Uint8Array }[] = [];
    for (const { kid, ciphertext: factor } of factors) {
      const key = this.#keys.get(kid);
      const held = accumulators.of(measurement, kid);
      const all = Array.from({ length: Math.max(cell.accumulators, held.length) }, (_, index) => held[index]);
      const product = await joinAccumulators(key, all, slotShift, this.#zeroOf(key));
      const where = { reportId, measurement, labels, kid };
      const released = totals === undefined ? product : await this.#runningTotal(key, where, window, totals, product);
      aggregates.push({ kid, ciphertext: ciphertextToBytes(key, addCiphertexts(key, released, factor)) });
      if (totals !== undefined && held.length > 0) {
        products.push({ measurement, labels, kid, ciphertext: ciphertextToBytes(key, product) });
      }
    }
    return { measurement, labels, count, digest, aggregates };
  }

  /** Over the period so far; windows without contributions, skipped ones among them, count as encryptions of 0. */
  async #runningTotal(
    key: PublicKey,
    where: ProductKey,
    { windowStart, windowEnd }: ClosingWindow,
    { period, weights }: ClosingTotals,
    product: bigint,
  ): Promise<bigint> {
    const span = { start: period.start, end: windowStart };
    const earlier = await this.#transact((tx) => productsBetween(tx, where, span));
    const windows = [product];
    const seconds = windowEnd - windowStart;
    for (let start = windowStart - seconds; start >= period.start; start -= seconds) {
      windows.push(earlier.get(start) ?? this.#zeroOf(key));
    }
    return evaluateTotal(key, windows, weights);
  }

  #zeroOf(key: PublicKey): bigint {
    const zero = this.#zeros.get(key) ?? fixedZero(key);
    this.#zeros.set(key, zero);
    return zero;
  }
}
