import { describe, expect, test } from 'vitest';
import { budgetsOf, limitsOfShare } from '../../src/keyholder/budget-limits.js';
import { parseCeilings, type CeilingOptions } from '../../src/keyholder/ceilings.js';
import { formatLimit } from '../../src/keyholder/ledger-amounts.js';
import type { ReservedBody } from '../../src/keyholder/ledger-entry.js';
import { LedgerState } from '../../src/keyholder/ledger-state.js';
import type { Share } from '../../src/keyholder/release-kind.js';
import { addRational, compareRational, formatRational, ZERO } from '../../src/math/rational.js';
import { compilePlan } from '../../src/plan/compile.js';
import type { PlanPrivacy } from '../../src/plan/plan.js';
import { budgetRho } from '../../src/wire/release-noise.js';
import { cellAt, ownPayment, reservedBody } from '../support/ledger.js';
import { testPlanDocument } from '../support/plans.js';

const CEILING: CeilingOptions = {
  epsilonPerPeriod: '100',
  period: 'day',
  epsilonPerRelease: '10',
  deltaPerPeriod: '0.00001',
};

interface Shape {
  readonly seconds?: number;
  readonly privacy: Partial<PlanPrivacy>;
}

function budgetOf(shapes: readonly Shape[], ceiling: Partial<CeilingOptions> = {}) {
  const plans = shapes.map(({ seconds = 60, privacy }, index) => {
    const base = testPlanDocument();
    return compilePlan({
      ...base,
      name: `plan_${String(index)}`,
      window: { ...base.window, seconds },
      privacy: { ...base.privacy, epsilon: '1', ...privacy },
    });
  });
  return budgetsOf(plans, parseCeilings({ ...CEILING, ...ceiling })).get('shop')!;
}

const bounds = { subject: 'user.id', visits: 3 };
const gaussian: Partial<PlanPrivacy> = { mechanism: 'discrete-gaussian', delta: '0.000001' };

describe('the measure of a domain', () => {
  test.each<[string, Partial<PlanPrivacy>, 'epsilon' | 'rho']>([
    ['Laplace noise', {}, 'epsilon'],
    ['Laplace noise for subjects', { unit: 'user-period', bounds }, 'epsilon'],
    ['Laplace noise for subjects with a delta', { unit: 'user-period', bounds, delta: '0.000001' }, 'epsilon'],
    ['Laplace noise for events with a delta', { delta: '0.000001' }, 'rho'],
    ['Gaussian noise for subjects', { unit: 'user-period', bounds, ...gaussian }, 'rho'],
    ['Gaussian noise for events', gaussian, 'rho'],
  ])('of %s', (_name, privacy, measure) => {
    expect(budgetOf([{ privacy }])).toMatchObject({ measure, unit: privacy.unit ?? 'event' });
  });

  test('under rho leaves no delta to releases: it is in the conversion', () => {
    const { limits } = budgetOf([{ privacy: gaussian }], { epsilonPerPeriod: '0.5', period: 'week' });
    const [day] = limits.filter(({ period, share }) => period === 'day' && share === undefined);
    const [week] = limits.filter(({ period }) => period === 'week');
    expect(day).toMatchObject({
      most: budgetRho({ ...testPlanDocument().privacy, epsilon: '1', ...gaussian }),
      delta: ZERO,
    });
    expect(compareRational(week!.most, day!.most)).toBeLessThan(0);
  });
});

describe('plans of one domain', () => {
  test.each<[string, RegExp, Shape[]]>([
    [
      'event and user-period',
      /differ in privacy.unit/,
      [{ privacy: {} }, { privacy: { unit: 'user-period', bounds } }],
    ],
    ['Laplace and Gaussian', /differ in privacy.mechanism/, [{ privacy: {} }, { privacy: gaussian }]],
    [
      'two deltas',
      /differ in privacy.delta/,
      [{ privacy: gaussian }, { privacy: { ...gaussian, delta: '0.0000001' } }],
    ],
  ])('with %s are refused', (_name, message, shapes) => {
    expect(() => budgetOf(shapes)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    expect(() => budgetOf(shapes)).toThrow(message);
  });

  test('of another domain may count in another way', () => {
    const base = testPlanDocument();
    const staff = compilePlan({ ...base, privacy: { ...base.privacy, domain: 'staff', ...gaussian } });
    const budgets = budgetsOf([compilePlan(base), staff], parseCeilings(CEILING));
    expect([budgets.get('shop')?.measure, budgets.get('staff')?.measure]).toEqual(['epsilon', 'rho']);
  });

  test('slide in steps that fit the windows of all of them', () => {
    const sliding = { privacy: { sliding: true } };
    const { limits } = budgetOf([
      { ...sliding, seconds: 600 },
      { ...sliding, seconds: 900 },
    ]);
    const steps = limits.filter(({ share }) => share === undefined).map(({ slidingStep }) => slidingStep);
    expect(steps).toEqual([300, undefined]);
  });
});

describe('shares', () => {
  const shares = { streams: '0.5', queries: '0.3', segments: '0.2' };
  const ALL: readonly Share[] = ['streams', 'queries', 'segments'];

  function mostOf(budget: ReturnType<typeof budgetOf>, share: Share): string[] {
    return limitsOfShare(budget, share)
      .filter((limit) => limit.share === share)
      .map(({ most }) => formatRational(most));
  }

  test('divide the budget of every plan, and never add up to more than it', () => {
    const budget = budgetOf([{ privacy: { shares } }]);
    expect(ALL.map((share) => mostOf(budget, share))).toEqual([['1/2'], ['3/10'], ['1/5']]);
    const rho = budgetOf([{ privacy: { ...gaussian, shares } }]);
    const parts = rho.limits.filter(({ share }) => share !== undefined).map(({ most }) => most);
    const whole = rho.limits.find(({ share, period }) => share === undefined && period === 'day');
    expect(compareRational(parts.reduce(addRational), whole!.most)).toBeLessThanOrEqual(0);
  });

  test('of a plan that declares none are all for streams', () => {
    const budget = budgetOf([{ privacy: {} }]);
    expect(ALL.map((share) => mostOf(budget, share))).toEqual([[], ['0'], ['0']]);
  });

  test('of several plans are the least of each', () => {
    const budget = budgetOf([{ privacy: { shares } }, { privacy: { epsilon: '3' } }]);
    expect(ALL.map((share) => mostOf(budget, share))).toEqual([['1/2'], ['0'], ['0']]);
  });

  /** No release of such a kind exists yet; the accounts decide about their shares by the same rule. */
  function spend(state: LedgerState, share: Share, window: number, epsilon: string): ReservedBody['decision'] {
    const limits = limitsOfShare(budgetOf([{ privacy: { shares } }], { epsilonPerPeriod: '0.9' }), share).map(
      formatLimit,
    );
    const draft = reservedBody(cellAt(window), { share, payment: ownPayment(epsilon, limits) });
    const { decision } = state.decideRelease(draft);
    state.record({ ...draft, decision });
    return decision;
  }

  test('are kept apart, and all of them within the whole', () => {
    const state = new LedgerState();
    expect(spend(state, 'streams', 0, '1/2')).toBe('granted');
    expect(spend(state, 'streams', 1, '1/1000')).toBe('budget');
    expect(spend(state, 'queries', 2, '2/5')).toBe('budget');
    expect(spend(state, 'queries', 3, '3/10')).toBe('granted');
    // A tenth is left of the whole, which is 0.9 by the key holder's own ceiling, though the share has two.
    expect(spend(state, 'segments', 4, '1/5')).toBe('budget');
    expect(spend(state, 'segments', 5, '1/10')).toBe('granted');
    expect(formatRational(state.accounts.spent('shop', undefined, 'day', 0).epsilon!)).toBe('9/10');
    expect(formatRational(state.accounts.spent('shop', 'queries', 'day', 0).epsilon!)).toBe('3/10');
  });
});
