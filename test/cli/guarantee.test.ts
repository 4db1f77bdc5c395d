import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guaranteesOf } from '../../src/cli/guarantee.js';
import { noiseAdvice } from '../../src/cli/noise-advice.js';
import { policyText } from '../../src/cli/policy-text.js';
import { roundedUpTo } from '../../src/cli/shown-loss.js';
import { starterPlan } from '../../src/cli/starter-plan.js';
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import type { PlanPrivacy } from '../../src/plan/plan.js';
import { testPlan } from '../support/plans.js';

const starter = starterPlan({ name: 'shop', domain: 'shop', kid: 'A'.repeat(43), users: 500, subject: 'user.id' });

function personal(privacy: Partial<PlanPrivacy> = {}): CompiledPlan {
  return compilePlan({ ...starter, privacy: { ...starter.privacy, ...privacy } });
}

const gaussian = {
  mechanism: 'discrete-gaussian',
  delta: '0.000001',
  bounds: { subject: 'user.id', visits: 20, visitsPerWindow: 2 },
} as const;

describe('the guarantee', () => {
  it('of a subject is the sum of the measurements, and of a group a multiple of it', () => {
    const found = guaranteesOf(personal());
    expect(found.map(({ group, periods, loss }) => [group, periods, Number(loss.basic.toFixed(6))])).toEqual([
      [1, 1, 0.99],
      [2, 1, 1.98],
      [4, 1, 3.96],
      [1, 365, 361.35],
    ]);
  });

  it('of a subject in many processes is that many times as much', () => {
    const [own] = guaranteesOf(personal({ bounds: { subject: 'user.id', visits: 3, processes: 4 } }));
    expect(own?.loss.basic).toBeCloseTo(3.96, 6);
  });

  it('under Gaussian noise is within the budget by zCDP, whatever the other methods say', () => {
    const [own] = guaranteesOf(personal(gaussian));
    expect(own?.loss.concentrated).toBeLessThanOrEqual(1);
    expect(own?.loss.concentrated).toBeGreaterThan(0.97);
    expect(own?.loss.epsilon).toBe(Math.min(own!.loss.concentrated, own!.loss.renyi));
  });

  it('of an event is what its dearest report costs, and no more windows', () => {
    const { plan } = testPlan();
    const [report] = plan.reports;
    const cheap = { ...report!, name: 'cheap', measurements: report!.measurements.slice(0, 1) };
    const found = guaranteesOf(compilePlan({ ...plan, reports: [cheap, report!] }));
    expect(found.map(({ group, periods }) => [group, periods])).toEqual([
      [1, 1],
      [2, 1],
      [4, 1],
    ]);
    expect(found[0]?.loss.basic).toBeCloseTo(report!.measurements.length, 6);
  });

  it('never has a method below the exact loss', () => {
    for (const plan of [personal(), personal(gaussian), testPlan()]) {
      for (const { loss } of guaranteesOf(plan)) {
        const bounds = [loss.basic, loss.optimal, loss.concentrated, loss.renyi, loss.advanced];
        for (const bound of bounds) expect(bound).toBeGreaterThanOrEqual((loss.exact ?? 0) * (1 - 1e-9));
      }
    }
  });
});

describe('the text for a privacy policy', () => {
  it('says the factor, whose data, and what is not promised', () => {
    const text = policyText(starter, guaranteesOf(personal()));
    expect(text).toMatch(/factor of 2\.7 \(epsilon 0\.99\)/);
    expect(text).toContain('at most 3 visits');
    expect(text).not.toContain('chance');
  });

  it('says the chance of failure where there is one', () => {
    const plan = personal(gaussian);
    expect(policyText(plan.plan, guaranteesOf(plan))).toContain('but for a chance of 0.000001');
  });
});

describe('an epsilon for people', () => {
  it('is never less than it is, and keeps a round number round', () => {
    expect(roundedUpTo(1.66526, 4)).toBe(1.666);
    expect(roundedUpTo(0.99 * (1 + 1e-10), 3)).toBe(0.99);
    expect(roundedUpTo(0.99 * (1 + 1e-9), 3)).toBe(0.991);
    expect(roundedUpTo(14.4, 4)).toBe(14.4);
    expect(roundedUpTo(0, 4)).toBe(0);
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e6, noNaN: true }), fc.integer({ min: 2, max: 8 }), (value, digits) => {
        const shown = roundedUpTo(value, digits);
        expect(shown).toBeGreaterThanOrEqual(value * (1 - 2.1e-10));
        expect(shown).toBeLessThanOrEqual(value * (1 + 10 ** (1 - digits)) * (1 + 1e-12));
      }),
    );
  });
});

describe('the advice on noise', () => {
  it('prefers Laplace for few visits, Gaussian for many that are spread over windows', () => {
    expect(noiseAdvice(personal())).toMatch(/^discrete-laplace .* no less$/);
    const many = personal({ bounds: { subject: 'user.id', visits: 100, visitsPerWindow: 1 } });
    expect(noiseAdvice(many)).toMatch(/discrete-gaussian with delta 0\.000001 would have .* less: consider it$/);
  });
});

describe('over many periods', () => {
  it.each([
    ['hour', [24, 8760]],
    ['day', [365]],
    ['week', [52]],
  ] as const)('of an %s a subject is also told what a day and a year cost', (period, spans) => {
    const found = guaranteesOf(personal({ period })).filter(({ periods }) => periods > 1);
    expect(found.map(({ periods }) => periods)).toEqual(spans);
    for (const { periods, loss } of found) {
      // Sums are rounded up by one part in 10^10, which is the whole difference; four ulps are the doubles' own.
      expect(loss.basic).toBeGreaterThanOrEqual(0.99 * periods);
      expect(loss.basic).toBeLessThanOrEqual(0.99 * periods * (1 + 1e-10 + 2 ** -50));
    }
  });
});
