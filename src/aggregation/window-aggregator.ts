/**
 * Makes the final ciphertexts of a window that takes no contributions any more: cell by cell, read in short
 * transactions, joined outside of them, with turns of the event loop in between.
 */
import { setImmediate } from 'node:timers/promises';
import { sha256 } from '@noble/hashes/sha2.js';
import { ciphertextToBytes } from '../paillier/ciphertext.js';
import type { PublicKey } from '../paillier/public-key.js';
import { fixedZero, joinAccumulators } from './join-accumulators.js';
import type { KeyRing } from './key-ring.js';
import { labelsText, type CellAccumulators, type SqliteContributions } from './sqlite-contributions.js';
import type { AggregatedCell } from './sqlite-windows.js';
import type { ClosingCell, ClosingWindow } from './store.js';

/** What one combination of labels holds. */
interface CellTotals {
  readonly count: number;
  /** SHA-256 over the sorted contribution ids. */
  readonly digest: Uint8Array;
  readonly accumulators: CellAccumulators;
}

export class WindowAggregator {
  readonly #contributions: SqliteContributions;
  readonly #keys: KeyRing;
  readonly #transact: <Result>(read: () => Result) => Promise<Result>;
  readonly #zeros = new Map<PublicKey, bigint>();

  constructor(
    contributions: SqliteContributions,
    keys: KeyRing,
    transact: <Result>(read: () => Result) => Promise<Result>,
  ) {
    this.#contributions = contributions;
    this.#keys = keys;
    this.#transact = transact;
  }

  async aggregate(reportId: number, { windowStart, cells }: ClosingWindow): Promise<AggregatedCell[]> {
    const totalsOf = new Map<string, CellTotals>();
    const aggregated: AggregatedCell[] = [];
    for (const cell of cells) {
      const labels = labelsText(cell.labels);
      const totals = totalsOf.get(labels) ?? (await this.#totals(reportId, windowStart, labels));
      totalsOf.set(labels, totals);
      aggregated.push(await this.#join(cell, totals));
    }
    return aggregated;
  }

  async #totals(reportId: number, windowStart: number, labels: string): Promise<CellTotals> {
    const cellId = await this.#transact(() => this.#contributions.findCell(reportId, windowStart, labels));
    if (cellId === undefined) return { count: 0, digest: sha256.create().digest(), accumulators: () => [] };
    const accumulators = await this.#transact(() => this.#contributions.accumulators(cellId));
    return { ...(await this.#countIds(cellId)), accumulators };
  }

  async #countIds(cellId: number): Promise<{ count: number; digest: Uint8Array }> {
    const digest = sha256.create();
    let count = 0;
    let last: Uint8Array = new Uint8Array(0);
    for (;;) {
      const ids = await this.#transact(() => this.#contributions.idsAfter(cellId, last));
      if (ids.length === 0) return { count, digest: digest.digest() };
      for (const id of ids) digest.update(id);
      count += ids.length;
      last = ids.at(-1) ?? last;
      await setImmediate();
    }
  }

  async #join(cell: ClosingCell, { count, digest, accumulators }: CellTotals): Promise<AggregatedCell> {
    const { measurement, labels, slotShift, factors } = cell;
    const aggregates: { kid: string; ciphertext: Uint8Array }[] = [];
    for (const { kid, ciphertext: factor } of factors) {
      const key = this.#keys.get(kid);
      const held = accumulators(measurement, kid);
      const all = Array.from({ length: Math.max(cell.accumulators, held.length) }, (_, index) => held[index]);
      const joined = await joinAccumulators(key, all, slotShift, factor, this.#zeroOf(key));
      aggregates.push({ kid, ciphertext: ciphertextToBytes(key, joined) });
    }
    return { measurement, labels, count, digest, aggregates };
  }

  #zeroOf(key: PublicKey): bigint {
    const zero = this.#zeros.get(key) ?? fixedZero(key);
    this.#zeros.set(key, zero);
    return zero;
  }
}
