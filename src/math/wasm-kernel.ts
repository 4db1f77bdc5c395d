/** The kernel in WebAssembly: several times faster than BigInt, with the same results. */
import { TelemetryKitError } from '../errors.js';
import { assertPowersOf, assertTerms } from './bigint-kernel.js';
import { multiplyPowers, type SlotArithmetic } from './bucket-method.js';
import { SMALL_COMB, type CombShape } from './comb-layout.js';
import type { FixedBase, GroupKernel, PowerTerm } from './kernel-types.js';
import { sharedBasePowers } from './shared-base.js';
import type { SplitElement } from './split-form.js';
import { WasmArithmetic, type WasmElement } from './wasm-arithmetic.js';
import { WasmComb } from './wasm-comb.js';
import type { WasmHost } from './wasm-host.js';
import type { ProductCosts } from './window-plan.js';

/** Measured: two, four, five and four half-size products. */
const COSTS: ProductCosts = { units: 0.4, half: 0.78, full: 1, square: 0.78 };
/** Longer products are cut, so that memory is bounded: terms and buckets stay below 8 MB. */
const TERMS_AT_ONCE = 4096;
const MAX_BYTES = 8 * 1024 * 1024;

/** Each needs some slots until the last of them is done: within the memory for any size of key. */
const EXPONENTS_AT_ONCE = 256;

export class WasmKernel implements GroupKernel {
  readonly name = 'wasm';
  readonly reason: string;
  /** For products of powers; every fixed base has its own. */
  readonly arithmetic: WasmArithmetic;
  readonly #host: WasmHost;

  /** Throws `RangeError` where the engine has no memory. */
  constructor(host: WasmHost, n: bigint, reason: string) {
    this.reason = reason;
    this.#host = host;
    this.arithmetic = new WasmArithmetic(host, n, 0, MAX_BYTES);
  }

  fixedBase(base: SplitElement, exponentBits: number, shape: CombShape = SMALL_COMB): FixedBase {
    try {
      return new WasmComb(this.#host, base, this.arithmetic.n, exponentBits, shape);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new TelemetryKitError('unavailable', 'no memory for the tables of a fixed base', {
        fix: 'choose a smaller comb shape, or allow the process more address space',
        cause,
      });
    }
  }

  multiPower(terms: readonly PowerTerm[]): bigint {
    const { n } = this.arithmetic;
    assertTerms(terms, n);
    let product = 1n;
    for (let start = 0; start < terms.length; start += TERMS_AT_ONCE) {
      const power = this.#multiPower(terms.slice(start, start + TERMS_AT_ONCE));
      product = start === 0 ? power : (product * power) % (n * n);
    }
    return product;
  }

  powersOf(base: bigint, exponents: readonly bigint[]): bigint[] {
    const { n } = this.arithmetic;
    assertPowersOf(base, exponents, n * n);
    const powers: bigint[] = [];
    for (let start = 0; start < exponents.length; start += EXPONENTS_AT_ONCE) {
      powers.push(...this.#powersOf(base, exponents.slice(start, start + EXPONENTS_AT_ONCE)));
    }
    return powers;
  }

  #powersOf(base: bigint, exponents: readonly bigint[]): bigint[] {
    const { arithmetic } = this;
    return arithmetic.scoped(() => {
      const element = arithmetic.allocatePair();
      arithmetic.writePair(element, base);
      arithmetic.multiply(element, element, arithmetic.radixPair);
      const raise = (from: WasmElement, squarings: number): WasmElement => {
        const power = arithmetic.square(arithmetic.allocatePair(), from);
        for (let squaring = 1; squaring < squarings; squaring += 1) arithmetic.square(power, power);
        return power;
      };
      return sharedBasePowers(element, exponents, this.#slots(), raise, (power) => this.#read(power));
    });
  }

  /**
   * A plain unit counts as unit/R, so the product of the powers lacks R^(sum of exponents): R becomes one more
   * term, whose element is a pair.
   */
  #multiPower(terms: readonly PowerTerm[]): bigint {
    const { arithmetic } = this;
    return arithmetic.scoped(() => {
      const powers = terms.map(({ unit, exponent }) => {
        const element = arithmetic.allocateUnit();
        arithmetic.write(element, unit);
        return { element, exponent };
      });
      const sum = terms.reduce((total, { exponent }) => total + exponent, 0n);
      const all = [...powers, { element: arithmetic.radixPair, exponent: sum }];
      return this.#read(multiplyPowers(all, this.#slots()));
    });
  }

  /** The value of a product, 1 where there is none. */
  #read(product: WasmElement | undefined): bigint {
    if (product === undefined) return 1n;
    const { arithmetic } = this;
    return arithmetic.scoped(() =>
      arithmetic.readPair(arithmetic.multiply(arithmetic.allocatePair(), product, arithmetic.one)),
    );
  }

  #slots(): SlotArithmetic<WasmElement> {
    const { arithmetic } = this;
    let first = 0;
    const slot = (index: number): WasmElement => first + index * 2 * arithmetic.unitBytes + 1;
    return {
      costs: COSTS,
      prepare: (count) => {
        first = arithmetic.allocate(count * 2 * arithmetic.unitBytes);
      },
      multiply: (to, a, b) => arithmetic.multiply(slot(to), a, b),
      square: (to, a) => arithmetic.square(slot(to), a),
      copy: (to, a) => arithmetic.copy(slot(to), a),
    };
  }
}
