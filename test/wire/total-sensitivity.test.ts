import { describe, expect, it } from 'vitest';
import type { ContributionBounds, Plan } from '../../src/plan/plan.js';
import { squareRootCoefficients } from '../../src/privacy/continual/square-root-coefficients.js';
import { totalSensitivity } from '../../src/wire/total-sensitivity.js';
import { testPlanDocument } from '../support/plans.js';

/** A plan of an hour in so many windows. */
function planOf(windows: number, bounds?: Omit<ContributionBounds, 'subject'>): Plan {
  const plan = testPlanDocument();
  return {
    ...plan,
    window: { ...plan.window, seconds: 3600 / windows },
    privacy: {
      ...plan.privacy,
      period: 'hour',
      ...(bounds === undefined ? {} : { unit: 'user-period', bounds: { subject: 'user.id', ...bounds } }),
    },
  };
}

/** Every way to put at most `visits` spans into windows, at most `most` into each. */
function* spread(windows: number, visits: number, most: number): Generator<number[]> {
  if (windows === 0) {
    yield [];
    return;
  }
  for (let first = 0; first <= Math.min(visits, most); first += 1) {
    for (const rest of spread(windows - 1, visits - first, most)) yield [first, ...rest];
  }
}

/** ||C~ u||^2, row by row. */
function squaredLength(spans: readonly number[]): number {
  const weights = squareRootCoefficients(spans.length).map(Number);
  return spans.reduce((sum, _, row) => {
    const change = spans.slice(0, row + 1).reduce((all, count, window) => all + count * weights[row - window]!, 0);
    return sum + change ** 2;
  }, 0);
}

describe('the worst that one unit can add', () => {
  it.each([
    [6, { visits: 1 }],
    [6, { visits: 3 }],
    [6, { visits: 3, visitsPerWindow: 1 }],
    [6, { visits: 5, visitsPerWindow: 2 }],
    [6, { visits: 7, visitsPerWindow: 3 }],
    [5, { visits: 9, visitsPerWindow: 2 }],
    [3, { visits: 12, visitsPerWindow: 2 }],
    [1, { visits: 4, visitsPerWindow: 2 }],
  ])('in %i windows within %o is what a search over everything finds', (windows, bounds) => {
    const { visits, visitsPerWindow = visits } = bounds as { visits: number; visitsPerWindow?: number };
    let most = 0;
    for (const spans of spread(windows, visits, visitsPerWindow)) most = Math.max(most, squaredLength(spans));
    expect(totalSensitivity(planOf(windows, bounds))).toBe(BigInt(most));
  });

  it('is no more where its spans are spread over two slots or cells', () => {
    const bounds = { visits: 4, visitsPerWindow: 2 };
    let most = 0;
    for (const spans of spread(8, bounds.visits, bounds.visitsPerWindow)) {
      const [one, other] = [spans.slice(0, 4), spans.slice(4)];
      const fits = one.every((count, window) => count + other[window]! <= bounds.visitsPerWindow);
      if (fits) most = Math.max(most, squaredLength(one) + squaredLength(other));
    }
    expect(totalSensitivity(planOf(4, bounds))).toBe(BigInt(most));
  });

  it('is what docs/PROTOCOL.md says for six windows', () => {
    expect(totalSensitivity(planOf(6))).toBe(106_405n);
    expect(totalSensitivity(planOf(6, { visits: 3, visitsPerWindow: 2 }))).toBe(779_040n);
  });

  it('of one event is the length of the first column', () => {
    expect(totalSensitivity(planOf(6))).toBe(256n ** 2n + 128n ** 2n + 96n ** 2n + 80n ** 2n + 70n ** 2n + 63n ** 2n);
  });
});
