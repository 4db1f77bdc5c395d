/** Powers of one fixed base in WebAssembly, by the comb of comb-layout.ts. The tables stay in linear memory. */
import { assertArgument } from '../errors.js';
import { CombLayout, type CombShape } from './comb-layout.js';
import type { FixedBase } from './kernel-types.js';
import { joinSplit, type RawElement, type SplitElement } from './split-form.js';
import { unitBytes, WasmArithmetic, type WasmElement } from './wasm-arithmetic.js';
import type { WasmHost } from './wasm-host.js';
import { splitPairs } from './wasm-split.js';

/** Powers that share an inversion. */
const POWERS_AT_ONCE = 64;
/** Doublings after which a sum of omegas is reduced modulo n. */
const DOUBLINGS_AT_ONCE = 16;
const MAX_TABLE_BYTES = 256 * 1024 * 1024;

/** A power: the product of the units as a pair in which the first part is in [0, n), and the sum of R omega. */
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
    const { entriesPerTable, teeth, tables } = this.#layout;
    const scratchUnits = Math.max(entriesPerTable + 4 * teeth * tables, 5 * POWERS_AT_ONCE) + 8;
    this.#arithmetic = new WasmArithmetic(host, n, this.tableBytes + scratchUnits * unitBytes(n));
    this.#tables = this.#arithmetic.allocate(this.tableBytes);
    this.#build(base);
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
      raised.map(() => this.#arithmetic.allocateUnit()),
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
        const entry = this.#entry(table, index);
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

  /** The sum without the factor R. */
  #readSum(sum: number): bigint {
    const { code, one } = this.#arithmetic;
    code.sumToUnit(sum, sum);
    code.multiplyUnits(sum, sum, one);
    return this.#arithmetic.read(sum);
  }

  /** The unit u of the element u (1 + omega n) / R; R omega is behind it. */
  #entry(table: number, index: number): WasmElement {
    return this.#tables + (table * this.#layout.entriesPerTable + index) * 2 * this.#arithmetic.unitBytes;
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
        this.#arithmetic.copy(this.#entry(table, generator) + 1, generators[place] ?? 0);
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
    const [entryA, entryB, product] = [this.#entry(table, a), this.#entry(table, b), this.#entry(table, a + b)];
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
