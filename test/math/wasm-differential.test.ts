/**
 * Every product of the WebAssembly code against BigInt. The default number of operands takes seconds;
 * KERNEL_OPERANDS=5000000 npx vitest run test/math/wasm-differential.test.ts compares as many as asked for.
 */
import { describe, expect, it } from 'vitest';
import { modPow } from '../../src/math/modular.js';
import { WasmArithmetic, type WasmElement } from '../../src/math/wasm-arithmetic.js';
import { loadWasm, type WasmHost } from '../../src/math/wasm-host.js';
import { randomBelow, type RandomBytes } from '../../src/random.js';
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

/** Limbs at which carries and signs turn. */
const LIMBS = [0n, 1n, 2n ** 50n - 1n, 2n ** 50n, 2n ** 50n + 1n, 2n ** 51n - 1n];

/** An integer below the bound whose limbs are such, most of them the same. */
function turningLimbs(bound: bigint, random: RandomBytes): bigint {
  const usual = LIMBS[Number(randomBelow(random, 6n))] ?? 0n;
  let value = 0n;
  for (let shift = 0n; 1n << shift < bound; shift += 51n) {
    const choice = Number(randomBelow(random, 24n));
    value |= (LIMBS[choice] ?? usual) << shift;
  }
  return value % bound;
}

/** Moduli that are 1 modulo 2^51 already, with limbs at the ends of what a limb can be; besides those of `extremeModuli`. */
function moduli(bits: number, random: RandomBytes): bigint[] {
  const top = 1n << BigInt(bits - 1);
  const turning = Array.from({ length: 2 }, () => turningLimbs(top >> 51n, random));
  return [...extremeModuli(bits, random), ...turning.map((value) => top | (value << 51n) | 1n)];
}

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
  readonly #unitA: WasmElement;
  readonly #unitB: WasmElement;
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
    this.#unitA = this.#arithmetic.allocateUnit();
    this.#unitB = this.#arithmetic.allocateUnit();
  }

  /** The number of products that differ, over four kinds of product for each pair of operands. */
  round(random: RandomBytes): number {
    const a = this.#operand(random);
    const b = this.#operand(random);
    const [a0, b0] = [a % this.#n, b % this.#n];
    const { code } = this.#arithmetic;
    this.#arithmetic.writePair(this.#a, a);
    this.#arithmetic.writePair(this.#b, b);
    const [unitA, unitB] = [this.#unitA, this.#unitB];
    this.#arithmetic.write(unitA, a0);
    this.#arithmetic.write(unitB, b0);

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

  /** Whether a long product of mixed factors is right, none of the results being reduced on the way. */
  chain(random: RandomBytes): boolean {
    const factors = Array.from({ length: 30 }, () => this.#operand(random));
    const start = this.#operand(random);
    this.#arithmetic.writePair(this.#product, start);
    let expected = start;
    for (const factor of factors) {
      const isUnit = (factor & 2n) === 0n;
      const value = isUnit ? factor % this.#n : factor;
      if (isUnit) this.#arithmetic.write(this.#unitA, value);
      else this.#arithmetic.writePair(this.#a, value);
      this.#arithmetic.multiply(this.#product, this.#product, isUnit ? this.#unitA : this.#a);
      this.#arithmetic.square(this.#product, this.#product);
      const product = (expected * value) % this.#modulus;
      expected = (product * product) % this.#modulus;
    }
    // Each step turns x / R^k into (x f / R^(k + 1))^2 / R.
    const radices = 3n * (2n ** BigInt(factors.length) - 1n);
    return (this.#value() * modPow(this.#radix, radices, this.#modulus) - expected) % this.#modulus === 0n;
  }

  #operand(random: RandomBytes): bigint {
    const [choice = 0] = random(1);
    return choice < 96 ? turningLimbs(this.#modulus, random) : operand(this.#n, this.#edges, random);
  }

  /** Of the product as it is. */
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
      const comparisons = moduli(bits, random).map((n) => new Comparison(n));
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

describe.each(SIZES)('a long product modulo n^2, n of $bits bits', ({ bits }) => {
  it('equals that of BigInt', () => {
    const random = repeatableRandom(BigInt(bits) + 1n);
    for (const n of moduli(bits, random)) expect(new Comparison(n).chain(random)).toBe(true);
  });
});

describe('values at the border of linear memory', () => {
  it.each(SIZES)('come back as they went in ($bits bits)', ({ bits }) => {
    const random = repeatableRandom(7n);
    for (const n of moduli(bits, random)) {
      const arithmetic = new WasmArithmetic(host(), n, 65_536);
      const pair = arithmetic.allocatePair();
      const turning = Array.from({ length: 20 }, () => turningLimbs(n * n, random));
      for (const value of [...edgeOperands(n), ...turning]) {
        arithmetic.writePair(pair, value);
        expect(arithmetic.readPair(pair)).toBe(value);
      }
      arithmetic.write(pair - 1, n);
      expect(arithmetic.readInteger(pair - 1)).toBe(n);
      expect(arithmetic.read(pair - 1)).toBe(0n);
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
