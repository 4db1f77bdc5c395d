/** Counts contributions: ids and accumulators change together or not at all. Runs inside the caller's transaction. */
import type { VerifiedContribution } from '../wire/verify.js';
import type { AccumulatorRows } from './accumulator-rows.js';
import { ContributionProducts } from './contribution-products.js';
import type { KeyRing } from './key-ring.js';
import { labelsText } from './labels-text.js';
import { openCell, type CellOutcome } from './sql-open-cells.js';
import type { SqlDatabase, SqlTransaction } from './sql-database.js';
import type { RecordOutcome } from './store.js';

type Header = VerifiedContribution['header'];

export class SqlContributions {
  readonly #database: SqlDatabase;
  readonly #keys: KeyRing;
  readonly #rows: AccumulatorRows;

  constructor(database: SqlDatabase, keys: KeyRing, rows: AccumulatorRows) {
    this.#database = database;
    this.#keys = keys;
    this.#rows = rows;
  }

  /** Counts each once and adds up the new ones, for a run of a receiver. Outcomes in the order given. */
  async record(
    tx: SqlTransaction,
    runId: number,
    contributions: readonly VerifiedContribution[],
  ): Promise<RecordOutcome[]> {
    const cells = await this.#cellsOf(tx, contributions);
    const outcomes = contributions.map(({ header }) => cells.get(headerName(header)) ?? 'late');
    const inCells = contributions.flatMap((contribution, index) => {
      const cellId = outcomes[index];
      return typeof cellId === 'number' ? [{ index, cellId, id: contribution.id, contribution }] : [];
    });
    const taken = await this.#rows.takeIds(tx, inCells);
    const counted = inCells.filter((_, index) => taken[index]);
    await this.#add(tx, runId, counted);
    const indexes = new Set(counted.map(({ index }) => index));
    return outcomes.map((outcome, index) => {
      if (typeof outcome === 'string') return outcome;
      return indexes.has(index) ? 'counted' : 'duplicate';
    });
  }

  /** By the name of a header. Cells are made in one order everywhere, so that receivers do not block each other. */
  async #cellsOf(
    tx: SqlTransaction,
    contributions: readonly VerifiedContribution[],
  ): Promise<ReadonlyMap<string, CellOutcome>> {
    const headers = new Map<string, Header>();
    for (const { header } of contributions) headers.set(headerName(header), header);
    const cells = new Map<string, CellOutcome>();
    for (const name of Array.from(headers.keys()).sort()) {
      const header = headers.get(name);
      if (header !== undefined) cells.set(name, await openCell(tx, header, this.#database.forUpdate));
    }
    return cells;
  }

  async #add(
    tx: SqlTransaction,
    runId: number,
    counted: readonly { readonly cellId: number; readonly contribution: VerifiedContribution }[],
  ): Promise<void> {
    if (counted.length === 0) return;
    const products = new ContributionProducts(this.#keys);
    for (const { cellId, contribution } of counted) products.add(cellId, contribution);
    const { places } = products;
    await this.#rows.write(tx, runId, places, products.multiply(await this.#rows.read(tx, runId, places)));
  }
}

function headerName({ planHash, report, windowStart, labels }: Header): string {
  return [planHash, report, windowStart, labelsText(labels)].join(' ');
}
