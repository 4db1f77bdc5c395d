import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multiplyPowers, type SlotArithmetic } from '../../src/math/bucket-method.js';
import { modPow } from '../../src/math/modular.js';
import { planWindows, type ProductCosts } from '../../src/math/window-plan.js';

const COSTS: ProductCosts = { units: 0.1, half: 0.6, full: 1, square: 1 };
const MODULUS = 1009n;

/** Integers modulo 1009 in an array: a slot really is overwritten, so a stale element shows. */
function slots(): SlotArithmetic<number> & { value(element: number): bigint; hold(value: bigint): number } {
  const held: bigint[] = [];
  const firstConstant = 10_000;
  let constants = firstConstant;
  const put = (slot: number, value: bigint): number => {
    held[slot] = value % MODULUS;
    return slot;
  };
  const value = (element: number): bigint => held[element] ?? 0n;
  return {
    costs: COSTS,
    prepare: (count) => {
      expect(count).toBeLessThan(firstConstant);
    },
    multiply: (slot, a, b) => put(slot, value(a) * value(b)),
    square: (slot, a) => put(slot, value(a) * value(a)),
    copy: (slot, a) => put(slot, value(a)),
    value,
    hold: (constant) => {
      constants += 1;
      return put(constants, constant);
    },
  };
}

describe('bucket method', () => {
  it('equals the product of the powers', () => {
    const powers = fc.array(
      fc.record({
        base: fc.bigInt({ min: 0n, max: MODULUS - 1n }),
        exponent: fc.oneof(fc.bigInt({ min: 0n, max: 15n }), fc.bigInt({ min: 0n, max: (1n << 70n) - 1n })),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(powers, (chosen) => {
        const arithmetic = slots();
        const terms = chosen.map(({ base, exponent }) => ({ element: arithmetic.hold(base), exponent }));
        const product = multiplyPowers(terms, arithmetic);
        const expected = chosen.reduce(
          (total, { base, exponent }) => (total * modPow(base, exponent, MODULUS)) % MODULUS,
          1n,
        );
        expect(product === undefined ? 1n : arithmetic.value(product)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
  it('is exact for every pair of small exponents', () => {
    for (let a = 0n; a < 20n; a += 1n) {
      for (let b = 0n; b < 20n; b += 1n) {
        const arithmetic = slots();
        const terms = [
          { element: arithmetic.hold(2n), exponent: a },
          { element: arithmetic.hold(3n), exponent: b },
        ];
        const product = multiplyPowers(terms, arithmetic);
        const value = product === undefined ? undefined : arithmetic.value(product);
        expect(value).toBe(a + b === 0n ? undefined : (2n ** a * 3n ** b) % MODULUS);
      }
    }
  });
});

describe('window plan', () => {
  const lengths = fc
    .array(fc.integer({ min: 1, max: 260 }), { minLength: 1, maxLength: 600 })
    .map((bits) => bits.sort((a, b) => b - a));
  it('covers every bit of every exponent exactly once, from the top', () => {
    fc.assert(
      fc.property(lengths, (bits) => {
        const windows = planWindows(bits, COSTS);
        let position = bits[0] ?? 0;
        for (const window of windows) {
          position -= window.width;
          expect(window.position).toBe(position);
          expect(window.width).toBeGreaterThanOrEqual(1);
          expect(window.width).toBeLessThanOrEqual(10);
          expect(window.terms).toBe(bits.filter((length) => length > window.position).length);
        }
        expect(position).toBe(0);
      }),
    );
    expect(planWindows([], COSTS)).toEqual([]);
  });
  it('takes wider windows for more terms', () => {
    const widest = (terms: number): number =>
      Math.max(...planWindows(new Array<number>(terms).fill(96), COSTS).map(({ width }) => width));
    expect([1, 16, 256, 4096].map(widest)).toEqual([...[1, 16, 256, 4096].map(widest)].sort((a, b) => a - b));
    expect(widest(4096)).toBeGreaterThan(widest(16));
  });
});
