import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addRational,
  approximate,
  ceilRational,
  compareRational,
  divideRational,
  formatRational,
  multiplyRational,
  parseRational,
  parseRationalFraction,
  subtractRational,
  ZERO,
} from '../../src/math/rational.js';

describe('exact rationals', () => {
  it('0.1 + 0.2 is 0.3, and ten times 0.1 is 1', () => {
    expect(addRational(parseRational('0.1'), parseRational('0.2'))).toEqual(parseRational('0.3'));
    const sum = Array.from({ length: 10 }, () => parseRational('0.1')).reduce(addRational, ZERO);
    expect(compareRational(sum, parseRational('1'))).toBe(0);
  });
  it.each([
    ['1', '1'],
    ['0.25', '1/4'],
    ['1e-6', '1/1000000'],
    ['2.5e1', '25'],
    ['0', '0'],
  ])('%s is %s', (text, fraction) => {
    expect(formatRational(parseRational(text))).toBe(fraction);
    expect(parseRationalFraction(fraction)).toEqual(parseRational(text));
  });
  it.each(['', ' 1', '-1', '+1', 'NaN', 'Infinity', '1e400', '.5', '1.', '0x10', '1_0', '1e-31', '1'.repeat(31)])(
    'refuses %j',
    (text) => {
      expect(() => parseRational(text)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    },
  );
  it('refuses floats, which carry rounding', () => {
    expect(() => parseRational(0.1 as unknown as string)).toThrow(/decimal string/);
  });
  it('orders, subtracts and divides exactly', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), fc.nat(1000), (a, b, c) => {
        const left = { numerator: BigInt(a), denominator: BigInt(b) };
        const right = { numerator: BigInt(c), denominator: 7n };
        const sum = addRational(left, right);
        expect(compareRational(subtractRational(sum, right), left)).toBe(0);
        expect(compareRational(sum, left)).toBeGreaterThanOrEqual(0);
        expect(approximate(left)).toBeCloseTo(a / b, 12);
      }),
    );
    expect(() => subtractRational(ZERO, parseRational('1'))).toThrow(/out of range/);
    expect(() => divideRational(parseRational('1'), ZERO)).toThrow(/out of range/);
  });
  it.each(['1e-30', '1e-19', '0.3', '1', '123456789.125', '1e25'])('the double of %s is near at any size', (text) => {
    const value = parseRational(text);
    expect(Math.abs(approximate(value) / Number(text) - 1)).toBeLessThan(2 ** -51);
    const square = multiplyRational(value, value);
    const unreduced = { numerator: square.numerator * 6n, denominator: square.denominator * 6n };
    expect(approximate(unreduced)).toBe(approximate(square));
  });
  it('is rounded up to an integer where it is none', () => {
    expect(['0', '0.1', '1', '2.5', '3'].map((text) => ceilRational(parseRational(text)))).toEqual([
      0n,
      1n,
      1n,
      3n,
      3n,
    ]);
  });
});
