/**
 * Every product of the WebAssembly code against BigInt. The default number of operands takes seconds;
 * KERNEL_OPERANDS=5000000 npx vitest run test/math/wasm-differential.test.ts compares as many as asked for.
 */
import { describe, expect, it } from 'vitest';
import { WasmArithmetic, type WasmElement } from '../../src/math/wasm-arithmetic.js';
import { loadWasm, type WasmHost } from '../../src/math/wasm-host.js';
import type { RandomBytes } from '../../src/random.js';
import { edgeOperands, extremeModuli, operand, repeatableRandom } from '../support/kernel-operands.js';

const OPERANDS = Number(process.env['KERNEL_OPERANDS'] ?? 40_000);
/** Share of the operands at each size: large moduli are slow to check, small ones try more of the edges. */
const SIZES = [
  { bits: 275, share: 0.1 },
  { bits: 512, share: 0.2 },
  { bits: 1021, share: 0.15 },
  { bits: 2048, share: 0.35 },
  { bits: 3072, share: 0.15 },
  { bits: 4096, share: 0.05 },
];
const TIMEOUT_MILLIS = 60_000 + OPERANDS;

function host(): WasmHost {
  const loading = loadWasm();
  if ('failure' in loading) throw new Error(loading.failure);
  return loading.host;
}

/** One modulus with a few elements in linear memory and their values. */
class Comparison {
  readonly #arithmetic: WasmArithmetic;
  readonly #n: bigint;
  readonly #modulus: bigint;
  readonly #radix: bigint;
  readonly #edges: readonly bigint[];
  readonly #a: WasmElement;
  readonly #b: WasmElement;
  readonly #product: WasmElement;
  readonly #copy: WasmElement;
  operands = 0;

  constructor(n: bigint) {
    this.#arithmetic = new WasmArithmetic(host(), n, 65_536);
    this.#n = n;
    this.#modulus = n * n;
    this.#radix = 1n << BigInt((51 * this.#arithmetic.unitBytes) / 8);
    this.#edges = edgeOperands(n);
    this.#a = this.#arithmetic.allocatePair();
    this.#b = this.#arithmetic.allocatePair();
    this.#product = this.#arithmetic.allocatePair();
    this.#copy = this.#arithmetic.allocatePair();
  }

  /** The number of products that differ, over four kinds of product for each pair of operands. */
  round(random: RandomBytes): number {
    const a = operand(this.#n, this.#edges, random);
    const b = operand(this.#n, this.#edges, random);
    const [a0, b0] = [a % this.#n, b % this.#n];
    const { code } = this.#arithmetic;
    this.#arithmetic.writePair(this.#a, a);
    this.#arithmetic.writePair(this.#b, b);
    const unitA = this.#a - 1;
    const unitB = this.#b - 1;

    let wrong = 0;
    this.#arithmetic.multiply(this.#product, unitA, unitB);
    wrong += this.#differs(a0 * b0);
    this.#arithmetic.multiply(this.#product, this.#a, unitB);
    wrong += this.#differs(a * b0);
    this.#arithmetic.square(this.#product, this.#a);
    wrong += this.#differs(a * a);
    this.#arithmetic.multiply(this.#product, this.#a, this.#b);
    wrong += this.#differs(a * b);
    // The last product is not reduced fully: so it goes into the next ones, over itself.
    const ab = this.#value();
    this.#arithmetic.multiply(this.#product, this.#product, this.#product);
    wrong += this.#differs(ab * ab);
    const square = this.#value();
    this.#arithmetic.multiply(this.#product, this.#product, unitA);
    wrong += this.#differs(square * a0);
    code.multiplyUnits(this.#product - 1, unitA, unitB);
    const unit = this.#arithmetic.read(this.#product - 1);
    wrong += (unit * this.#radix - a0 * b0) % this.#n === 0n && unit < this.#n ? 0 : 1;
    this.operands += 14;
    return wrong;
  }

  /** Of the product, without settling it. */
  #value(): bigint {
    return this.#arithmetic.readPair(this.#arithmetic.copy(this.#copy, this.#product));
  }

  #differs(expected: bigint): number {
    const value = this.#value();
    return (value * this.#radix - expected) % this.#modulus === 0n && value < this.#modulus ? 0 : 1;
  }
}

describe.each(SIZES)('products modulo n^2, n of $bits bits', ({ bits, share }) => {
  it(
    'equal those of BigInt on random and edge operands',
    () => {
      const random = repeatableRandom(BigInt(bits));
      const comparisons = extremeModuli(bits, random).map((n) => new Comparison(n));
      let operands = 0;
      let wrong = 0;
      while (operands < OPERANDS * share) {
        for (const comparison of comparisons) wrong += comparison.round(random);
        operands = comparisons.reduce((sum, comparison) => sum + comparison.operands, 0);
      }
      expect(wrong).toBe(0);
    },
    TIMEOUT_MILLIS,
  );
});

describe('values at the border of linear memory', () => {
  it.each(SIZES)('come back as they went in ($bits bits)', ({ bits }) => {
    const random = repeatableRandom(7n);
    for (const n of extremeModuli(bits, random)) {
      const arithmetic = new WasmArithmetic(host(), n, 65_536);
      const pair = arithmetic.allocatePair();
      for (const value of edgeOperands(n)) {
        arithmetic.writePair(pair, value);
        expect(arithmetic.readPair(pair)).toBe(value);
      }
      arithmetic.write(pair - 1, n);
      expect(arithmetic.read(pair - 1)).toBe(n);
    }
  });
  it('are zero after release', () => {
    const [n = 0n] = extremeModuli(512, repeatableRandom(3n));
    const arithmetic = new WasmArithmetic(host(), n, 65_536);
    const { mark } = arithmetic;
    const unit = arithmetic.allocateUnit();
    arithmetic.write(unit, n - 1n);
    expect(arithmetic.read(unit)).toBe(n - 1n);
    arithmetic.release(mark);
    expect(arithmetic.allocateUnit()).toBe(unit);
    expect(arithmetic.read(unit)).toBe(0n);
  });
  it('memory grows up to its maximum and no further', () => {
    const [n = 0n] = extremeModuli(512, repeatableRandom(3n));
    const arithmetic = new WasmArithmetic(host(), n, 0, 131_072);
    const before = arithmetic.memoryBytes;
    const pair = arithmetic.allocatePair();
    arithmetic.writePair(pair, n + 5n);
    arithmetic.allocate(100_000);
    expect(arithmetic.memoryBytes).toBeGreaterThan(before);
    expect(arithmetic.readPair(pair)).toBe(n + 5n);
    expect(() => arithmetic.allocate(131_072)).toThrow(RangeError);
  });
});
