import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRational, formatRational, parseRational, rational, ZERO } from '../../src/math/rational.js';
import {
  addCosts,
  approximateCost,
  approximateLimit,
  concentratedCost,
  concentratedLimit,
  maxRho,
  NO_COST,
  PrivacyFilter,
  pureCost,
  pureLimit,
  reserveTogether,
  SlidingFilter,
  TumblingFilter,
  type Amount,
} from '../../src/privacy/index.js';

const invalid = expect.objectContaining({ code: 'invalid_argument' }) as unknown;
const tenth = pureCost('0.1');

function epsilonIn(amount: Amount): string {
  return amount.kind === 'pure' ? formatRational(amount.epsilon) : 'concentrated';
}

describe('a filter', () => {
  test('of pure epsilon grants ten tenths, and names asked, spent and left for the eleventh', () => {
    const filter = new PrivacyFilter(pureLimit('1'));
    for (let i = 0; i < 10; i += 1) expect(filter.tryReserve(tenth).decision).toBe('granted');
    expect(filter.tryReserve(tenth)).toEqual({
      decision: 'refused',
      reason: 'budget',
      asked: pureLimit('0.1'),
      spent: pureLimit('1'),
      left: { kind: 'pure', epsilon: ZERO },
    });
  });

  test('of pure epsilon takes no noise without pure epsilon', () => {
    expect(() => new PrivacyFilter(pureLimit('1')).tryReserve(concentratedCost('0.1'))).toThrow(invalid);
    expect(() => new PrivacyFilter(pureLimit('1')).tryReserve(approximateCost('0.1', '1e-9'))).toThrow(invalid);
  });

  test('of rho and delta counts both, whatever the noise', () => {
    const filter = new PrivacyFilter(concentratedLimit('0.5', '1e-6'));
    expect(filter.tryReserve(concentratedCost('0.2')).decision).toBe('granted');
    // 0.6^2 / 2 = 0.18
    expect(filter.tryReserve(pureCost('0.6')).decision).toBe('granted');
    expect(filter.tryReserve(approximateCost('0.2', '2e-6')).decision).toBe('refused');
    expect(filter.tryReserve(approximateCost('0.2', '1e-6')).decision).toBe('granted');
    expect(filter.tryReserve(approximateCost('0.2', '1e-9')).decision).toBe('refused');
    expect(filter.spent).toEqual(concentratedLimit('0.4', '1e-6'));
    expect(filter.tryReserve(concentratedCost('0.1')).decision).toBe('granted');
    expect(filter.tryReserve(concentratedCost('1e-30')).decision).toBe('refused');
  });

  test('of (epsilon, delta) sets the part of releases aside', () => {
    expect(approximateLimit('1', '1e-6')).toEqual(concentratedLimit(maxRho('1', '1e-6')));
    expect(approximateLimit('1', '1e-6', '4e-7')).toEqual(concentratedLimit(maxRho('1', '6e-7'), '4e-7'));
    expect(() => approximateLimit('1', '1e-6', '1e-6')).toThrow(invalid);
    expect(() => approximateLimit('1', '0')).toThrow(invalid);
  });

  test('starts where earlier runs ended', () => {
    const filter = new PrivacyFilter(pureLimit('1'), pureLimit('0.95'));
    expect(filter.tryReserve(tenth).decision).toBe('refused');
    expect(filter.tryReserve(pureCost('0.05')).decision).toBe('granted');
    expect(() => new PrivacyFilter(pureLimit('1'), concentratedLimit('1'))).toThrow(invalid);
  });

  test('every granted prefix stays within the limit, and refusals change nothing', () => {
    const cost = fc
      .tuple(fc.bigInt(1n, 50n), fc.bigInt(1n, 50n), fc.bigInt(0n, 3n))
      .map(([n, d, delta]) => approximateCost(rational(n, d), rational(delta, 1000n)));
    fc.assert(
      fc.property(fc.array(cost, { maxLength: 30 }), (costs) => {
        const filter = new PrivacyFilter(concentratedLimit('3', '0.005'));
        let sum = NO_COST;
        for (const each of costs) {
          const more = addCosts(sum, each);
          const within =
            compareRational(more.rho, parseRational('3')) <= 0 &&
            compareRational(more.delta, parseRational('0.005')) <= 0;
          expect(filter.fits(each)).toBe(within);
          expect(filter.tryReserve(each).decision).toBe(within ? 'granted' : 'refused');
          if (within) sum = more;
          expect(filter.spent).toEqual({ kind: 'concentrated', rho: sum.rho, delta: sum.delta });
        }
      }),
    );
  });
});

test('several filters are charged together or not at all', () => {
  const [whole, quota] = [new PrivacyFilter(pureLimit('1')), new PrivacyFilter(pureLimit('0.3'))];
  expect(reserveTogether([whole, quota], pureCost('0.3'))).toBeUndefined();
  expect(reserveTogether([whole, quota], tenth)).toMatchObject({ reason: 'budget', spent: pureLimit('0.3') });
  expect(epsilonIn(whole.spent)).toBe('3/10');
});

describe('a tumbling filter', () => {
  const day = 86_400;

  test('starts anew each period, carries nothing over and says when', () => {
    const filter = new TumblingFilter(pureLimit('0.2'), day);
    expect(filter.tryReserve(tenth, 10).decision).toBe('granted');
    expect(filter.tryReserve(pureCost('0.2'), 20)).toMatchObject({ reason: 'budget', refillsAt: day });
    expect(filter.tryReserve(pureCost('0.3'), 30)).not.toHaveProperty('refillsAt');
    expect(filter.tryReserve(pureCost('0.2'), day).decision).toBe('granted');
    expect(filter.tryReserve(tenth, 2 * day - 1)).toMatchObject({ refillsAt: 2 * day });
  });

  test('a clock that goes back opens no spent period', () => {
    const filter = new TumblingFilter(pureLimit('0.2'), day);
    filter.tryReserve(tenth, day);
    expect(filter.tryReserve(tenth, day - 1)).toMatchObject({ decision: 'refused', reason: 'past' });
    expect(epsilonIn(filter.spent)).toBe('1/10');
  });

  test('goes on after a restart', () => {
    const filter = new TumblingFilter(pureLimit('0.2'), day, { atSeconds: day + 5, spent: pureLimit('0.2') });
    expect(filter.tryReserve(tenth, 5)).toMatchObject({ reason: 'past' });
    expect(filter.tryReserve(tenth, day + 6)).toMatchObject({ reason: 'budget' });
    expect(filter.tryReserve(tenth, 2 * day).decision).toBe('granted');
  });

  test('nonsense is refused', () => {
    for (const value of [Number.NaN, Infinity]) {
      expect(() => new TumblingFilter(pureLimit('1'), day).tryReserve(tenth, value)).toThrow(invalid);
    }
    for (const value of [0, -1, 0.5, Number.NaN]) {
      expect(() => new TumblingFilter(pureLimit('1'), value)).toThrow(invalid);
      expect(() => new SlidingFilter(pureLimit('1'), value)).toThrow(invalid);
    }
    expect(() => new SlidingFilter(pureLimit('1'), 3).tryReserve(tenth, 0.5)).toThrow(invalid);
  });
});

describe('a sliding filter', () => {
  test('says in which window as much will be free', () => {
    const filter = new SlidingFilter(pureLimit('0.5'), 4);
    filter.tryReserve(tenth, 10);
    filter.tryReserve(tenth, 10);
    filter.tryReserve(pureCost('0.3'), 12);
    expect(filter.tryReserve(tenth, 13)).toMatchObject({ reason: 'budget', refillsAt: 14 });
    expect(filter.tryReserve(pureCost('0.3'), 13)).toMatchObject({ refillsAt: 16 });
    expect(filter.tryReserve(pureCost('0.6'), 13)).not.toHaveProperty('refillsAt');
    expect(filter.tryReserve(pureCost('0.2'), 14).decision).toBe('granted');
    expect(filter.tryReserve(tenth, 13)).toMatchObject({ reason: 'past' });
  });

  test('goes on after a restart', () => {
    const filter = new SlidingFilter(pureLimit('0.5'), 4, [{ window: 10, cost: pureCost('0.4') }]);
    expect(filter.tryReserve(pureCost('0.2'), 13)).toMatchObject({ reason: 'budget', refillsAt: 14 });
    expect(filter.tryReserve(tenth, 9)).toMatchObject({ reason: 'past' });
  });

  test('no span of w windows ever costs more than the limit, and nothing is refused that fits', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.bigInt(1n, 9n));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (windows, steps) => {
        const limit = rational(10n, 10n);
        const filter = new SlidingFilter(pureLimit(limit), windows);
        const spent = new Map<number, bigint>();
        let window = 0;
        for (const [gap, tenths] of steps) {
          window += gap;
          let span = tenths;
          for (let back = 0; back < windows; back += 1) span += spent.get(window - back) ?? 0n;
          const decision = filter.tryReserve(pureCost(rational(tenths, 10n)), window);
          expect(decision.decision).toBe(span <= 10n ? 'granted' : 'refused');
          if (span <= 10n) spent.set(window, (spent.get(window) ?? 0n) + tenths);
        }
      }),
    );
  });
});
