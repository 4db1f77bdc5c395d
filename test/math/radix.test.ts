import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalToNumber, isWholeSteps, parseDecimal, stepsBetween } from '../../src/math/decimal.js';
import { radixComponents, radixDigits } from '../../src/math/radix.js';

describe('ranges as sums of digits', () => {
  it('reach exactly [0, H] for every H to 5000', () => {
    for (let bound = 1; bound <= 5000; bound += 1) {
      // Bit i says whether i can be reached.
      const reachable = radixComponents(BigInt(bound)).reduce(
        (mask, members) => members.reduce((union, member) => union | (mask << member), 0n),
        1n,
      );
      expect(reachable).toBe((1n << BigInt(bound + 1)) - 1n);
    }
  });
  it('give digits for every value, at any bound', () => {
    const bounds = [1n, 3n, 4n, 1023n, 1n << 53n, (1n << 106n) - 1n, 10n ** 31n];
    for (const bound of bounds) {
      const components = radixComponents(bound);
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: bound }), (value) => {
          const digits = radixDigits(bound, value);
          const sum = digits.reduce((total, digit, index) => total + components[index]![digit]!, 0n);
          expect(sum).toBe(value);
        }),
        { examples: [[0n], [bound], [bound - 1n]] },
      );
      expect(() => radixDigits(bound, bound + 1n)).toThrow(/outside/);
      expect(() => radixDigits(bound, -1n)).toThrow(/outside/);
    }
    expect(() => radixComponents(0n)).toThrow(/empty/);
  });
});

describe('decimals', () => {
  it.each([
    ['12', 12],
    ['-0.5', -0.5],
    ['1e-7', 1e-7],
    ['1.5e+3', 1500],
  ])('%s', (text, value) => {
    expect(decimalToNumber(parseDecimal(text))).toBe(value);
  });
  it.each(['', '.', '1.', 'NaN', 'Infinity', '0x1', '1 ', '--1', '1e1000000'])('refuses %j', (text) => {
    expect(() => parseDecimal(text)).toThrow(/not a decimal/);
  });
  it('count steps exactly, halves up, of any sign', () => {
    const steps = (origin: string, value: string, unit: string): bigint =>
      stepsBetween(parseDecimal(origin), parseDecimal(value), parseDecimal(unit));
    expect(steps('0', '0.3', '0.1')).toBe(3n);
    expect(steps('-1', '1', '0.01')).toBe(200n);
    expect(steps('0', '0.005', '0.01')).toBe(1n);
    expect(steps('0', '-0.005', '0.01')).toBe(0n);
    expect(steps('0', '-0.0051', '0.01')).toBe(-1n);
    expect(isWholeSteps(parseDecimal('0'), parseDecimal('1'), parseDecimal('0.3'))).toBe(false);
    expect(isWholeSteps(parseDecimal('0.1'), parseDecimal('1'), parseDecimal('0.3'))).toBe(true);
    expect(isWholeSteps(parseDecimal('0'), parseDecimal('1'), parseDecimal('0'))).toBe(false);
  });
  it('read any double as its shortest decimal form', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(decimalToNumber(parseDecimal(String(value)))).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});
