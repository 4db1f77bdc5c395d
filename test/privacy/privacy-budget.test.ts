import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addRational,
  compareRational,
  formatRational,
  parseRational,
  rational,
  ZERO,
} from '../../src/math/rational.js';
import { PrivacyBudget, type Quantity } from '../../src/privacy/index.js';

describe('PrivacyBudget', () => {
  test('grants 0.1 ten times out of 1 and refuses the eleventh, naming asked, spent and left', () => {
    const budget = new PrivacyBudget('1');
    for (let i = 0; i < 10; i += 1) expect(budget.tryReserve('0.1').decision).toBe('granted');
    expect(budget.tryReserve('0.1')).toEqual({
      decision: 'refused',
      asked: rational(1n, 10n),
      spent: rational(1n, 1n),
      left: ZERO,
    });
  });

  test('0.1 and 0.2 fit into 0.3', () => {
    const budget = new PrivacyBudget(parseRational('0.3'));
    expect(budget.tryReserve(parseRational('0.1')).decision).toBe('granted');
    expect(budget.tryReserve(parseRational('0.2')).decision).toBe('granted');
    expect(formatRational(budget.left)).toBe('0');
  });

  test('a refusal consumes nothing: what fits is still granted', () => {
    const budget = new PrivacyBudget(parseRational('1'));
    expect(budget.tryReserve(parseRational('2')).decision).toBe('refused');
    expect(budget.tryReserve(parseRational('1')).decision).toBe('granted');
  });

  test('a limit lowered below what is spent leaves nothing and refuses', () => {
    const budget = new PrivacyBudget(parseRational('1'), parseRational('3'));
    expect(formatRational(budget.left)).toBe('0');
    expect(budget.tryReserve(parseRational('0.001')).decision).toBe('refused');
  });

  test('takes exact numbers only, and none that would give budget back', () => {
    for (const value of [0.1, Number.NaN, '-1', 'x', undefined, { numerator: -1n, denominator: 1n }] as unknown[]) {
      const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;
      expect(() => new PrivacyBudget(value as Quantity)).toThrow(invalid);
      expect(() => new PrivacyBudget('1').tryReserve(value as Quantity)).toThrow(invalid);
    }
  });

  test('never exceeds its limit and equals the sum of what it granted', () => {
    const cost = fc.tuple(fc.bigInt(0n, 50n), fc.bigInt(1n, 50n)).map(([n, d]) => rational(n, d));
    fc.assert(
      fc.property(cost, fc.array(cost, { maxLength: 30 }), (limit, costs) => {
        const budget = new PrivacyBudget(limit);
        const granted = costs.filter((asked) => budget.tryReserve(asked).decision === 'granted');
        expect(compareRational(budget.spent, limit)).toBeLessThanOrEqual(0);
        expect(budget.spent).toEqual(granted.reduce(addRational, ZERO));
        expect(addRational(budget.spent, budget.left)).toEqual(limit);
      }),
    );
  });
});
