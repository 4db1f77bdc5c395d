/** Powers of one fixed base in WebAssembly, by the comb of comb-layout.ts. The tables stay in linear memory. */
import { assertArgument } from '../errors.js';
import { CombLayout, type CombShape } from './comb-layout.js';
import type { FixedBase } from './kernel-types.js';
import { joinSplit, type RawElement, type SplitElement } from './split-form.js';
import { unitBytes, WasmArithmetic, type WasmElement } from './wasm-arithmetic.js';
import type { WasmHost } from './wasm-host.js';
import { splitPairs } from './wasm-split.js';

/** Elements normalised with one inversion: entries of the tables, and powers. */
const ENTRIES_AT_ONCE = 512;
const POWERS_AT_ONCE = 64;
/** Doublings after which a sum of omegas is reduced modulo n. */
const DOUBLINGS_AT_ONCE = 16;
const MAX_TABLE_BYTES = 256 * 1024 * 1024;

/** A power under way: the product of the units, and the sum of the omegas. */
interface Raised {
  readonly pair: WasmElement;
  readonly omegas: number;
}

export class WasmComb implements FixedBase {
  readonly tableBytes: number;
  readonly #layout: CombLayout;
  readonly #arithmetic: WasmArithmetic;
  readonly #tables: number;

  /** Builds the tables. Throws `RangeError` where the engine has no memory for them. */
  constructor(host: WasmHost, base: SplitElement, n: bigint, exponentBits: number, shape: CombShape) {
    this.#layout = new CombLayout(exponentBits, shape);
    this.tableBytes = this.#layout.tables * this.#layout.entriesPerTable * 2 * unitBytes(n);
    assertArgument(this.tableBytes <= MAX_TABLE_BYTES, 'tables above 256 MB', 'choose a smaller comb shape');
    const scratchBytes = (ENTRIES_AT_ONCE + 4 * POWERS_AT_ONCE) * unitBytes(n);
    this.#arithmetic = new WasmArithmetic(host, n, this.tableBytes + scratchBytes);
    this.#tables = this.#arithmetic.allocate(this.tableBytes);
    this.#writeGenerators(base);
    this.#multiplyGenerators();
    this.#splitEntries();
  }

  get exponentBits(): number {
    return this.#layout.exponentBits;
  }

  power(exponent: bigint): RawElement {
    const { mark } = this.#arithmetic;
    const { pair, omegas } = this.#raise(exponent);
    const power = { unit: this.#arithmetic.readPair(pair), omega: this.#readSum(omegas) };
    this.#arithmetic.release(mark);
    return power;
  }

  powers(exponents: readonly bigint[]): SplitElement[] {
    const powers: SplitElement[] = [];
    for (let start = 0; start < exponents.length; start += POWERS_AT_ONCE) {
      powers.push(...this.#powers(exponents.slice(start, start + POWERS_AT_ONCE)));
    }
    return powers;
  }

  #powers(exponents: readonly bigint[]): SplitElement[] {
    const { code, mark, unitBytes: size } = this.#arithmetic;
    const raised = exponents.map((exponent) => this.#raise(exponent));
    splitPairs(
      this.#arithmetic,
      raised.map(({ pair }) => pair),
    );
    const powers = raised.map(({ pair, omegas }) => {
      code.addToSum(omegas, pair - 1 + size);
      return { unit: this.#arithmetic.read(pair - 1), omega: this.#readSum(omegas) };
    });
    this.#arithmetic.release(mark);
    return powers;
  }

  #raise(exponent: bigint): Raised {
    const { code, one } = this.#arithmetic;
    const { steps, tables } = this.#layout;
    const indices = this.#layout.indices(exponent);
    const pair = this.#arithmetic.allocatePair();
    const omegas = this.#arithmetic.allocateUnit();
    let product: WasmElement | undefined;
    for (let step = 0; step < steps; step += 1) {
      if (product !== undefined) product = this.#arithmetic.square(pair, product);
      code.doubleSum(omegas);
      if (step % DOUBLINGS_AT_ONCE === 0) this.#reduceSum(omegas);
      for (let table = 0; table < tables; table += 1) {
        const index = indices[step * tables + table] ?? 0;
        if (index === 0) continue;
        const entry = this.#entry(table, index) - 1;
        product = product === undefined ? entry : this.#arithmetic.multiply(pair, product, entry);
        code.addToSum(omegas, entry + this.#arithmetic.unitBytes);
      }
    }
    indices.fill(0);
    if (product === undefined) this.#arithmetic.copy(pair, one);
    else this.#arithmetic.multiply(pair, product, one);
    code.settlePair(pair - 1);
    return { pair, omegas };
  }

  #reduceSum(sum: number): void {
    const { code, radixUnit } = this.#arithmetic;
    code.sumToUnit(sum, sum);
    code.multiplyUnits(sum, sum, radixUnit);
    code.startSum(sum, sum);
  }

  #readSum(sum: number): bigint {
    const { code, radixUnit } = this.#arithmetic;
    code.sumToUnit(sum, sum);
    code.multiplyUnits(sum, sum, radixUnit);
    return this.#arithmetic.read(sum);
  }

  /** A pair while the tables are built, then the unit and the omega of the element in split form. */
  #entry(table: number, index: number): WasmElement {
    const number = table * this.#layout.entriesPerTable + index;
    return this.#tables + number * 2 * this.#arithmetic.unitBytes + 1;
  }

  /** Entry 2^tooth of a table is base^(2^position). */
  #writeGenerators(base: SplitElement): void {
    const { teeth, tables } = this.#layout;
    const places = new Map<number, WasmElement[]>();
    for (let table = 0; table < tables; table += 1) {
      for (let tooth = 0; tooth < teeth; tooth += 1) {
        const position = this.#layout.position(table, tooth);
        places.set(position, [...(places.get(position) ?? []), this.#entry(table, 2 ** tooth)]);
      }
    }
    const { mark } = this.#arithmetic;
    const power = this.#arithmetic.allocatePair();
    this.#arithmetic.writePair(power, joinSplit(base, this.#arithmetic.n));
    this.#arithmetic.multiply(power, power, this.#arithmetic.radixPair);
    for (let position = 0; places.size > 0; position += 1) {
      for (const entry of places.get(position) ?? []) this.#arithmetic.copy(entry, power);
      places.delete(position);
      this.#arithmetic.square(power, power);
    }
    this.#arithmetic.release(mark);
  }

  /** Entry i is the product of the generators whose bit in i is set. */
  #multiplyGenerators(): void {
    for (let table = 0; table < this.#layout.tables; table += 1) {
      for (let generator = 1; generator < this.#layout.entriesPerTable; generator *= 2) {
        for (let index = 1; index < generator; index += 1) {
          const factor = this.#entry(table, generator);
          this.#arithmetic.multiply(this.#entry(table, generator + index), factor, this.#entry(table, index));
        }
      }
    }
  }

  #splitEntries(): void {
    const { entriesPerTable, tables } = this.#layout;
    const used: WasmElement[] = [];
    for (let table = 0; table < tables; table += 1) {
      for (let index = 1; index < entriesPerTable; index += 1) used.push(this.#entry(table, index));
    }
    for (let start = 0; start < used.length; start += ENTRIES_AT_ONCE) {
      splitPairs(this.#arithmetic, used.slice(start, start + ENTRIES_AT_ONCE));
    }
  }
}
