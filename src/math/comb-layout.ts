/**
 * How a comb reads an exponent, for any kernel.
 * Reference: C. H. Lim, P. J. Lee, "More flexible exponentiation with precomputation", CRYPTO '94.
 *
 * An exponent of `teeth * columns` bits is read as `teeth` rows of `columns` bits. One column is one table
 * index; the columns are dealt to `tables` tables, so that a power costs `columns` half-size products and
 * only `columns / tables` squarings.
 */
import { bigIntToBytes, bitLength } from '../bytes.js';
import { assertArgument } from '../errors.js';

export interface CombShape {
  /** Rows; a table has 2^teeth entries. From 1 to 16. */
  readonly teeth: number;
  readonly tables: number;
}

/** About 1 MB at 2048 bits: quick to build. */
export const SMALL_COMB: CombShape = { teeth: 8, tables: 8 };
/** About 5 MB at 2048 bits: for workers that compute many powers. */
export const SERVER_COMB: CombShape = { teeth: 10, tables: 8 };

export class CombLayout {
  readonly teeth: number;
  readonly columns: number;
  /** Columns of a table, and so squarings of a power. */
  readonly steps: number;
  /** As many as asked for, or fewer where the columns do not need them. */
  readonly tables: number;
  /** Entries of one table, the unused entry 0 included. */
  readonly entriesPerTable: number;

  constructor(exponentBits: number, { teeth, tables }: CombShape) {
    assertArgument(
      Number.isInteger(teeth) && teeth >= 1 && teeth <= 16 && Number.isInteger(tables) && tables >= 1,
      'not a comb shape',
      'pass 1 to 16 teeth and at least one table',
    );
    this.teeth = teeth;
    this.columns = Math.max(1, Math.ceil(exponentBits / teeth));
    this.steps = Math.ceil(this.columns / tables);
    this.tables = Math.ceil(this.columns / this.steps);
    this.entriesPerTable = 2 ** teeth;
  }

  /** As many as asked for, rounded up to whole columns. */
  get exponentBits(): number {
    return this.teeth * this.columns;
  }

  /** Entry 2^tooth of `table` is base^(2^position). */
  position(table: number, tooth: number): number {
    return tooth * this.columns + table * this.steps;
  }

  /**
   * Table indices in the order of use: for every step from the highest, one for every table. Throws
   * `invalid_argument` unless 0 <= exponent < 2^exponentBits.
   */
  indices(exponent: bigint): Uint16Array {
    const inRange = exponent >= 0n && bitLength(exponent) <= this.exponentBits;
    assertArgument(inRange, 'exponent out of range', 'build a larger comb');
    const bytes = bigIntToBytes(exponent, Math.ceil(this.exponentBits / 8));
    const indices = new Uint16Array(this.steps * this.tables);
    let next = 0;
    for (let step = this.steps - 1; step >= 0; step -= 1) {
      for (let table = 0; table < this.tables; table += 1) {
        indices[next] = this.#index(bytes, table * this.steps + step);
        next += 1;
      }
    }
    bytes.fill(0);
    return indices;
  }

  #index(bytes: Uint8Array, column: number): number {
    if (column >= this.columns) return 0;
    let index = 0;
    for (let tooth = this.teeth - 1; tooth >= 0; tooth -= 1) {
      const bit = tooth * this.columns + column;
      index = (index << 1) | (((bytes[bytes.length - 1 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1);
    }
    return index;
  }
}
