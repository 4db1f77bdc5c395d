/**
 * Powers of one fixed base of Z*_{n^2} by a comb with several tables, in split form.
 * Reference: C. H. Lim, P. J. Lee, "More flexible exponentiation with precomputation", CRYPTO '94.
 *
 * An exponent of `teeth * columns` bits is read as `teeth` rows of `columns` bits. One column is one table
 * index; the columns are dealt to `tables` tables, so that a power costs `columns` half-size products and
 * only `columns / tables` squarings.
 */
import { normalizeMany, type RawElement, type SplitElement } from './split-form.js';
import { assertArgument } from '../errors.js';

export interface CombShape {
  /** Rows; a table has 2^teeth entries. */
  readonly teeth: number;
  readonly tables: number;
}

/** About 1 MB at 2048 bits: quick to build. */
export const SMALL_COMB: CombShape = { teeth: 8, tables: 8 };
/** About 5 MB at 2048 bits: for workers that compute many powers. */
export const SERVER_COMB: CombShape = { teeth: 10, tables: 8 };

export class FixedBaseComb {
  readonly #n: bigint;
  readonly #nSquared: bigint;
  readonly #teeth: number;
  readonly #columns: number;
  readonly #columnsPerTable: number;
  readonly #tables: readonly (readonly SplitElement[])[];

  /** Builds the tables: some hundred milliseconds at 2048 bits. Exponents may have up to `exponentBits` bits. */
  constructor(base: SplitElement, n: bigint, exponentBits: number, shape: CombShape = SMALL_COMB) {
    this.#n = n;
    this.#nSquared = n * n;
    this.#teeth = shape.teeth;
    this.#columns = Math.ceil(exponentBits / shape.teeth);
    this.#columnsPerTable = Math.ceil(this.#columns / shape.tables);
    this.#tables = this.#build(base, shape);
  }

  /** Exponents below 2^exponentBits can be raised: as many as asked for, rounded up to whole columns. */
  get exponentBits(): number {
    return this.#teeth * this.#columns;
  }

  /** base^exponent as a raw product; 0 <= exponent < 2^exponentBits, else throws `invalid_argument`. */
  power(exponent: bigint): RawElement {
    const bits = this.#bitsOf(exponent);
    let unit = 1n;
    let omega = 0n;
    for (let step = this.#columnsPerTable - 1; step >= 0; step -= 1) {
      unit = (unit * unit) % this.#nSquared;
      omega <<= 1n;
      for (let table = 0; table < this.#tables.length; table += 1) {
        const column = table * this.#columnsPerTable + step;
        const entry = this.#tables[table]?.[this.#indexOf(bits, column)];
        if (entry === undefined) continue;
        unit = (unit * entry.unit) % this.#nSquared;
        omega += entry.omega;
      }
    }
    return { unit, omega: omega % this.#n };
  }

  /** Bit i of the exponent at index i. */
  #bitsOf(exponent: bigint): Uint8Array {
    const bits = new Uint8Array(this.#teeth * this.#columns);
    const text = exponent.toString(2);
    assertArgument(exponent >= 0n && text.length <= bits.length, 'exponent out of range', 'build a larger comb');
    for (let index = 0; index < text.length; index += 1) {
      bits[index] = text.charCodeAt(text.length - 1 - index) & 1;
    }
    return bits;
  }

  #indexOf(bits: Uint8Array, column: number): number {
    if (column >= this.#columns) return 0;
    let index = 0;
    for (let tooth = this.#teeth - 1; tooth >= 0; tooth -= 1) {
      index = (index << 1) | (bits[tooth * this.#columns + column] ?? 0);
    }
    return index;
  }

  #build(base: SplitElement, { teeth, tables }: CombShape): SplitElement[][] {
    const generators = this.#generators(base, teeth, tables);
    return Array.from({ length: tables }, (_, table) => {
      const entries: RawElement[] = [{ unit: 1n, omega: 0n }];
      for (let tooth = 0; tooth < teeth; tooth += 1) {
        const generator = generators[table * teeth + tooth] ?? base;
        const half = entries.length;
        for (let index = 0; index < half; index += 1) {
          const { unit, omega } = entries[index] ?? base;
          entries.push({ unit: (unit * generator.unit) % this.#nSquared, omega: omega + generator.omega });
        }
      }
      return normalizeMany(entries, this.#n);
    });
  }

  /** base^(2^(tooth * columns + table * columnsPerTable)) at index table * teeth + tooth. */
  #generators(base: SplitElement, teeth: number, tables: number): SplitElement[] {
    const wanted = new Map<number, number>();
    for (let table = 0; table < tables; table += 1) {
      for (let tooth = 0; tooth < teeth; tooth += 1) {
        wanted.set(table * teeth + tooth, tooth * this.#columns + table * this.#columnsPerTable);
      }
    }
    const last = Math.max(...wanted.values());
    const doublings: RawElement[] = [base];
    let { unit, omega } = base;
    for (let position = 1; position <= last; position += 1) {
      unit = (unit * unit) % this.#nSquared;
      omega = (omega << 1n) % this.#n;
      doublings.push({ unit, omega });
    }
    return normalizeMany(
      [...wanted.keys()].map((index) => doublings[wanted.get(index) ?? 0] ?? base),
      this.#n,
    );
  }
}
