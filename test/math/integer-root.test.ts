import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { integerRoot } from '../../src/math/integer-root.js';

describe('integer root', () => {
  test('is the floor, for every size and exponent', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 1n << 200n), fc.integer({ min: 1, max: 9 }), (value, exponent) => {
        const root = integerRoot(value, exponent);
        const k = BigInt(exponent);
        expect(root ** k <= value && value < (root + 1n) ** k).toBe(true);
      }),
    );
    const square = (value: bigint): bigint => integerRoot(value, 2);
    expect([0n, 1n, 2n, 3n, 4n, 8n, 9n].map(square)).toEqual([0n, 1n, 1n, 1n, 2n, 2n, 3n]);
    expect([7n, 8n, 26n, 27n].map((value) => integerRoot(value, 3))).toEqual([1n, 2n, 2n, 3n]);
  });

  test('of a negative number there is none', () => {
    expect(() => integerRoot(-1n, 2)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});
