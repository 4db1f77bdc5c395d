import { describe, expect, it } from 'vitest';
import { describeForecast, duration } from '../../src/cli/forecast-report.js';
import { forecast, keptShare } from '../../src/cli/forecast.js';
import { deltaIssue } from '../../src/cli/population-delta.js';
import { starterPlan } from '../../src/cli/starter-plan.js';
import { trafficOf } from '../../src/cli/traffic.js';
import { compilePlan } from '../../src/plan/compile.js';
import type { Plan } from '../../src/plan/plan.js';
import { planOf, testPlan } from '../support/plans.js';

const starter = (users: number): Plan =>
  starterPlan({ name: 'shop', domain: 'shop', kid: 'A'.repeat(43), users, subject: 'user.id' });

describe('the starter plan', () => {
  it.each([
    [500, 86_400],
    [5000, 21_600],
    [20_000, 3600],
    [1_000_000, 300],
  ])('for %s users a day has windows of %s seconds', (users, seconds) => {
    expect(starter(users).window.seconds).toBe(seconds);
  });

  it('shows a small shop its first series every day', () => {
    const found = forecast(compilePlan(starter(500)), { usersPerDay: 500, visitsPerUser: 2 });
    expect(found.shortestUsefulWindow).toBe(86_400);
    // 500 users of whose 2 visits 7/8 are kept, half of them successes.
    expect(found.series[0]).toMatchObject({ series: 'checkout.success true', expected: 438 });
    // Both servers add discrete Laplace noise of scale 3 / 0.33: 95 % of the sum is within 37.
    expect(found.series.map(({ halfWidth }) => halfWidth)).toEqual(found.series.map(() => 37));
  });
});

describe('the share of visits that bounds keep', () => {
  it.each([
    [1, 1],
    [2, 1 - 1 / 8],
    [3, 1 - 8 / 27],
  ])('of %s visits a user is %s', (visitsPerUser, share) => {
    expect(keptShare(starter(500), { usersPerDay: 1, visitsPerUser })).toBeCloseTo(share, 12);
  });

  it('is everything without bounds', () => {
    expect(keptShare(testPlan().plan, { usersPerDay: 1, visitsPerUser: 50 })).toBe(1);
  });

  it('agrees with counting: geometric visits, cut at the bound', () => {
    let [kept, all] = [0, 0];
    for (let visits = 1; visits < 2000; visits += 1) {
      const probability = 0.25 * 0.75 ** (visits - 1);
      all += probability * visits;
      kept += probability * Math.min(visits, 3);
    }
    expect(keptShare(starter(500), { usersPerDay: 1, visitsPerUser: 4 })).toBeCloseTo(kept / all, 12);
  });
});

describe('the forecast', () => {
  it('proposes no window that the budget does not last for', () => {
    const flag = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' } as const;
    const { plan } = planOf([flag]);
    // Twenty windows a day are paid for: of the divisors of a day that are proposed, those of six hours and more.
    const rich = forecast(compilePlan(plan), { usersPerDay: 10_000_000, visitsPerUser: 1 });
    expect(rich.shortestUsefulWindow).toBe(21_600);
  });

  it('says where nothing helps', () => {
    const found = forecast(compilePlan(starter(5)), { usersPerDay: 5, visitsPerUser: 1 });
    expect(found.shortestUsefulWindow).toBeUndefined();
    expect(describeForecast(starter(5), { usersPerDay: 5, visitsPerUser: 1 })).toContain('no window of a day or less');
  });

  it('has an expectation for every kind', () => {
    const plan = planOf([
      { name: 'size', attribute: 'a', kind: 'histogram', boundaries: [1, 2, 3], epsilon: '1' },
      {
        name: 'amount',
        attribute: 'b',
        kind: 'sum',
        min: '10',
        max: '20',
        scale: '1',
        epsilon: '1',
        countEpsilon: '1',
      },
      {
        name: 'pair',
        kind: 'product',
        epsilon: '1',
        factors: [
          { attribute: 'c', min: 0, max: 1 },
          { attribute: 'd', min: 0, max: 3 },
        ],
      },
    ]);
    const day = compilePlan({ ...plan.plan, window: { ...plan.plan.window, seconds: 86_400 } });
    const { series } = forecast(day, { usersPerDay: 800, visitsPerUser: 1 });
    const expected = Object.fromEntries(series.map(({ series: name, expected: value }) => [name, value]));
    expect(expected['checkout.size (1, 2]']).toBe(200);
    expect(expected['checkout.amount']).toBe(12_000);
    expect(expected['checkout.amount.count']).toBe(800);
    expect(expected['checkout.pair y']).toBe(1200);
  });

  it('of a running total is that at the end of its period', () => {
    const ok = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1', release: 'total' } as const;
    const gaussian = { mechanism: 'discrete-gaussian', delta: '0.000001' } as const;
    const plan = planOf([ok], {}, { privacy: { ...testPlan().plan.privacy, epsilon: '1', ...gaussian } });
    const { series, shortestUsefulWindow } = forecast(plan, { usersPerDay: 10_000, visitsPerUser: 1 });
    expect(series[0]).toMatchObject({ series: 'checkout.ok true (total)', expected: 5000 });
    // A day of 1440 windows: both noises have standard deviation 21.7.
    expect(series[0]!.halfWidth / 1.96).toBeCloseTo(21.7, 0);
    expect(shortestUsefulWindow).toBeUndefined();
  });

  it('reads', () => {
    const text = describeForecast(starter(500), { usersPerDay: 500, visitsPerUser: 2 });
    expect(text).toContain('checkout.success true');
    expect(text).toContain('88 % of visits are kept: of one user.id, 3 a day and report');
    expect(text).toContain('the first series shows within 10 % from windows of 1 d on');
    expect([60, 3600, 86_400, 90].map(duration)).toEqual(['1 min', '1 h', '1 d', '90 s']);
  });
});

describe('what sealing adds', () => {
  it('is the text of one envelope for every visit of a per-span report, by key size', () => {
    const { plan: flag } = planOf([{ name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' }]);
    const traffic = trafficOf(compilePlan(flag), 1000);
    // Header of 80 bytes and a flag of 2579 or 3795 (docs/PROTOCOL.md, section 5), four characters for three bytes.
    expect(traffic.map(({ keyBits, envelopeBytes }) => [keyBits, envelopeBytes]).slice(0, 2)).toEqual([
      [2048, Math.ceil(((80 + 2579) * 4) / 3)],
      [3072, Math.ceil(((80 + 3795) * 4) / 3)],
    ]);
    for (const each of traffic) expect(each.bytesPerDay).toBe(1000 * each.envelopeBytes);
  });

  it('does not depend on the bounds: a visit beyond them is sealed like any other', () => {
    const found = forecast(compilePlan(starter(500)), { usersPerDay: 500, visitsPerUser: 40 });
    expect(found.traffic.map(({ envelopesPerDay }) => envelopesPerDay)).toEqual([20_000, 20_000, 20_000]);
  });

  it('of a coalesced report is one envelope a flush and cell, of the bound that holds its spans', () => {
    const report = { mode: 'coalesced', spanBounds: [15, 255] } as const;
    const { plan: flag } = planOf([{ name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' }], report);
    const compiled = compilePlan(flag);
    const [rare, usual, busy] = [100, 8640 * 100, 8640 * 1000].map((visits) => trafficOf(compiled, visits)[0]!);
    expect(rare?.envelopesPerDay).toBe(100);
    expect(usual?.envelopesPerDay).toBe(8640);
    expect(busy?.envelopesPerDay).toBeCloseTo((8640 * 1000) / 255, 6);
    expect(rare!.envelopeBytes).toBeLessThan(usual!.envelopeBytes);
    expect(busy!.envelopeBytes).toBe(usual!.envelopeBytes);
  });

  it('reads', () => {
    const text = describeForecast(starter(500), { usersPerDay: 500, visitsPerUser: 2 });
    expect(text).toMatch(/checkout +3072 bits +\d+(\.\d+)? kB +1000 +\d+(\.\d+)? MB/);
  });
});

describe('a delta', () => {
  const withDelta = (delta: string): Plan => {
    const plan = starter(500);
    return { ...plan, privacy: { ...plan.privacy, delta } };
  };

  it.each([
    ['0', 1_000_000_000],
    ['0.000001', 100_000],
  ])('of %s is small enough for %s users', (delta, usersPerDay) => {
    expect(deltaIssue(withDelta(delta), { usersPerDay, visitsPerUser: 2 })).toBeUndefined();
  });

  it('above a tenth of one over the users is a fault, and says what would do', () => {
    const issue = deltaIssue(withDelta('0.000001'), { usersPerDay: 100_001, visitsPerUser: 1 });
    expect(issue?.path).toBe('privacy.delta');
    expect(issue?.message).toContain('lower it to "0.0000001"');
  });

  it('of events is for as many as there are visits', () => {
    const plan = testPlan().plan;
    const events = { ...plan, privacy: { ...plan.privacy, delta: '0.000001' } };
    expect(deltaIssue(events, { usersPerDay: 60_000, visitsPerUser: 1 })).toBeUndefined();
    expect(deltaIssue(events, { usersPerDay: 60_000, visitsPerUser: 2 })).toBeDefined();
  });
});
