/**
 * The tables of a comb in linear memory (comb-layout.ts), where powers use them as they are: entry i of a table is
 * the product of the generators whose bit in i is set, in split form.
 */
import type { CombLayout } from './comb-layout.js';
import { joinSplit, type SplitElement } from './split-form.js';
import { unitBytes, type WasmArithmetic, type WasmElement } from './wasm-arithmetic.js';
import { splitPairs } from './wasm-split.js';

/** Memory of the tables, in bytes. */
export function combTableBytes({ tables, entriesPerTable }: CombLayout, n: bigint): number {
  return tables * entriesPerTable * 2 * unitBytes(n);
}

/** Units that building the tables takes besides. */
export function buildingUnits({ tables, entriesPerTable, teeth }: CombLayout): number {
  return entriesPerTable + 4 * teeth * tables;
}

export class WasmCombTables {
  readonly #layout: CombLayout;
  readonly #arithmetic: WasmArithmetic;
  readonly #address: number;

  /** Builds the tables. */
  constructor(arithmetic: WasmArithmetic, layout: CombLayout, base: SplitElement) {
    this.#arithmetic = arithmetic;
    this.#layout = layout;
    this.#address = arithmetic.allocate(combTableBytes(layout, arithmetic.n));
    this.#build(base);
  }

  /** The unit u of the element u (1 + omega N) / R; R^2 omega is behind it. */
  entry(table: number, index: number): WasmElement {
    return this.#address + (table * this.#layout.entriesPerTable + index) * 2 * this.#arithmetic.unitBytes;
  }

  /** Every table: entry i is the product of the generators whose bit in i is set. */
  #build(base: SplitElement): void {
    const { entriesPerTable, teeth, tables } = this.#layout;
    const { mark } = this.#arithmetic;
    // R^2/u for every entry u of one table.
    const inverses = Array.from({ length: entriesPerTable }, () => this.#arithmetic.allocateUnit());
    const sum = this.#arithmetic.allocateUnit();
    const generators = this.#powersOfTwo(base);
    const generatorInverses = generators.map(() => this.#arithmetic.allocateUnit());
    splitPairs(this.#arithmetic, generators, generatorInverses);
    for (let table = 0; table < tables; table += 1) {
      for (let tooth = 0; tooth < teeth; tooth += 1) {
        const generator = 2 ** tooth;
        const place = table * teeth + tooth;
        this.#arithmetic.copy(this.entry(table, generator) + 1, generators[place] ?? 0);
        inverses[generator] = generatorInverses[place] ?? 0;
        for (let index = 1; index < generator; index += 1)
          this.#multiplyEntries(table, generator, index, inverses, sum);
      }
    }
    this.#arithmetic.release(mark);
  }

  /** Entry a + b = entry a * entry b, in split form; the inverse comes from theirs. */
  #multiplyEntries(table: number, a: number, b: number, inverses: readonly WasmElement[], sum: number): void {
    const { code, unitBytes: size } = this.#arithmetic;
    const [entryA, entryB, product] = [this.entry(table, a), this.entry(table, b), this.entry(table, a + b)];
    const inverse = inverses[a + b] ?? 0;
    code.multiplyUnits(inverse, inverses[a] ?? 0, inverses[b] ?? 0);
    code.multiplyUnitsToPair(product, entryA, entryB);
    code.multiplyUnits(product + size, product + size, inverse);
    code.startSum(sum, product + size);
    code.addToSum(sum, entryA + size);
    code.addToSum(sum, entryB + size);
    code.sumToUnit(product + size, sum);
  }

  /** The pairs base^(2^position) for every tooth of every table. */
  #powersOfTwo(base: SplitElement): WasmElement[] {
    const { teeth, tables } = this.#layout;
    const positions = Array.from({ length: tables * teeth }, (_, place) =>
      this.#layout.position(Math.floor(place / teeth), place % teeth),
    );
    const pairs = positions.map(() => this.#arithmetic.allocatePair());
    const power = this.#arithmetic.allocatePair();
    this.#arithmetic.writePair(power, joinSplit(base, this.#arithmetic.n));
    this.#arithmetic.multiply(power, power, this.#arithmetic.radixPair);
    for (let position = 0; position <= Math.max(...positions); position += 1) {
      positions.forEach((wanted, place) => {
        if (wanted === position) this.#arithmetic.copy(pairs[place] ?? 0, power);
      });
      this.#arithmetic.square(power, power);
    }
    return pairs;
  }
}
