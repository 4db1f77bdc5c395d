/**
 * Powers of one fixed base in WebAssembly, by the comb of comb-layout.ts. Inside, omegas count multiples of N, as
 * pairs do (see wasm-arithmetic.ts): u (1 + omega N) is u (1 + omega (N/n) n).
 */
import { assertArgument } from '../errors.js';
import { CombLayout, type CombShape } from './comb-layout.js';
import type { FixedBase } from './kernel-types.js';
import { mod, modInverse } from './modular.js';
import type { RawElement, SplitElement } from './split-form.js';
import { unitBytes, WasmArithmetic, type WasmElement } from './wasm-arithmetic.js';
import { buildingUnits, combTableBytes, WasmCombTables } from './wasm-comb-tables.js';
import type { WasmHost } from './wasm-host.js';
import { splitPairs } from './wasm-split.js';

/** Powers that share an inversion. */
const POWERS_AT_ONCE = 64;
/** Doublings after which a sum of omegas is reduced modulo n. */
const DOUBLINGS_AT_ONCE = 16;
const MAX_TABLE_BYTES = 256 * 1024 * 1024;
/** A power needs a pair, its omega, an inverse, and a product of the inversion; all together a few more. */
const UNITS_PER_POWER = 5;
const CONSTANT_UNITS = 16;

/** A power u (1 + omega N): u as a pair, and R^2 omega. */
interface Raised {
  readonly pair: WasmElement;
  readonly omegas: number;
}

export class WasmComb implements FixedBase {
  readonly tableBytes: number;
  readonly #layout: CombLayout;
  readonly #arithmetic: WasmArithmetic;
  readonly #tables: WasmCombTables;
  /** The unit N / (n R) mod n. */
  readonly #omegaFactor: WasmElement;

  /** Builds the tables. Throws `RangeError` where the engine has no memory for them. */
  constructor(host: WasmHost, base: SplitElement, n: bigint, exponentBits: number, shape: CombShape) {
    this.#layout = new CombLayout(exponentBits, shape);
    this.tableBytes = combTableBytes(this.#layout, n);
    assertArgument(this.tableBytes <= MAX_TABLE_BYTES, 'tables above 256 MB', 'choose a smaller comb shape');
    const scratchUnits = Math.max(buildingUnits(this.#layout), UNITS_PER_POWER * POWERS_AT_ONCE) + CONSTANT_UNITS;
    this.#arithmetic = new WasmArithmetic(host, n, this.tableBytes + scratchUnits * unitBytes(n));
    this.#omegaFactor = this.#arithmetic.allocateUnit();
    const { radix, factor } = this.#arithmetic;
    this.#arithmetic.write(this.#omegaFactor, (factor * modInverse(radix % n, n)) % n);
    this.#tables = new WasmCombTables(this.#arithmetic, this.#layout, base);
  }

  get exponentBits(): number {
    return this.#layout.exponentBits;
  }

  power(exponent: bigint): RawElement {
    return this.#arithmetic.scoped(() => {
      const { pair, omegas } = this.#raise(exponent, this.#arithmetic.allocatePair());
      return { unit: this.#arithmetic.readPair(pair), omega: this.#readSum(omegas) };
    });
  }

  powers(exponents: readonly bigint[]): SplitElement[] {
    const powers: SplitElement[] = [];
    for (let start = 0; start < exponents.length; start += POWERS_AT_ONCE) {
      const some = exponents.slice(start, start + POWERS_AT_ONCE);
      powers.push(...this.#arithmetic.scoped(() => this.#powers(some)));
    }
    return powers;
  }

  #powers(exponents: readonly bigint[]): SplitElement[] {
    const { code, n, unitBytes: size } = this.#arithmetic;
    const couple = this.#arithmetic.allocatePair();
    const raised = exponents.map((exponent) => this.#raise(exponent, couple));
    const settled = raised.map(({ pair }) => this.#settle(pair));
    const inverses = raised.map(() => this.#arithmetic.allocateUnit());
    splitPairs(
      this.#arithmetic,
      raised.map(({ pair }) => pair),
      inverses,
    );
    return raised.map(({ pair, omegas }, index) => {
      const { unit, quotient } = settled[index] ?? { unit: 0n, quotient: 0n };
      code.addToSum(omegas, pair - 1 + size);
      const omega = this.#readSum(omegas);
      return { unit, omega: (omega + this.#divide(quotient, inverses[index] ?? 0, omegas)) % n };
    });
  }

  /** Splits the first part of a pair into unit + quotient n, and leaves the unit in its place. */
  #settle(pair: WasmElement): { unit: bigint; quotient: bigint } {
    const { n } = this.#arithmetic;
    const first = this.#arithmetic.readInteger(pair - 1);
    const unit = mod(first, n);
    this.#arithmetic.write(pair - 1, unit);
    return { unit, quotient: (first - unit) / n };
  }

  /** value / t mod n, for the unit R^2/t, by way of a unit that is free. */
  #divide(value: bigint, inverse: WasmElement, free: WasmElement): bigint {
    const { code, n, one } = this.#arithmetic;
    this.#arithmetic.write(free, mod(value, n));
    code.multiplyUnits(free, free, one);
    code.multiplyUnits(free, free, inverse);
    return this.#arithmetic.read(free);
  }

  /** Entries are multiplied two by two, in `couple`: units cost half as much to multiply as a pair and a unit. */
  #raise(exponent: bigint, couple: WasmElement): Raised {
    const { code, one, unitBytes: size } = this.#arithmetic;
    const { steps, tables } = this.#layout;
    const indices = this.#layout.indices(exponent);
    const pair = this.#arithmetic.allocatePair();
    const omegas = this.#arithmetic.allocateUnit();
    let product: WasmElement | undefined;
    for (let step = 0; step < steps; step += 1) {
      if (product !== undefined) product = this.#arithmetic.square(pair, product);
      code.doubleSum(omegas);
      if (step % DOUBLINGS_AT_ONCE === 0) this.#reduceSum(omegas);
      let single: WasmElement | undefined;
      for (let table = 0; table < tables; table += 1) {
        const index = indices[step * tables + table] ?? 0;
        if (index === 0) continue;
        const entry = this.#tables.entry(table, index);
        code.addToSum(omegas, entry + size);
        if (single === undefined) {
          single = entry;
        } else {
          product = this.#include(pair, product, this.#arithmetic.multiply(couple, single, entry));
          single = undefined;
        }
      }
      if (single !== undefined) product = this.#include(pair, product, single);
    }
    indices.fill(0);
    if (product === undefined) this.#arithmetic.copy(pair, one);
    else this.#arithmetic.multiply(pair, product, one);
    return { pair, omegas };
  }

  #include(pair: WasmElement, product: WasmElement | undefined, factor: WasmElement): WasmElement {
    if (product === undefined) return this.#arithmetic.copy(pair, factor);
    return this.#arithmetic.multiply(pair, product, factor);
  }

  #reduceSum(sum: number): void {
    const { code, radixUnit } = this.#arithmetic;
    code.sumToUnit(sum, sum);
    code.multiplyUnits(sum, sum, radixUnit);
    code.startSum(sum, sum);
  }

  /** The sum as a multiple of n, without the factor R^2. */
  #readSum(sum: number): bigint {
    const { code } = this.#arithmetic;
    code.sumToUnit(sum, sum);
    code.multiplyUnits(sum, sum, this.#omegaFactor);
    return this.#arithmetic.read(sum);
  }
}
