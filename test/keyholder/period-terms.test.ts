import { describe, expect, it, test } from 'vitest';
import { periodTermsOf } from '../../src/keyholder/period-terms.js';
import type { Measurement, Plan } from '../../src/plan/plan.js';
import { testPrivateKey } from '../support/keys.js';
import { planOf } from '../support/plans.js';

const total: Measurement = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '0.5', release: 'total' };
const window = { seconds: 60, graceSeconds: 30, lagSeconds: 0 };
const privacy: Plan['privacy'] = {
  domain: 'shop',
  unit: 'user-period',
  period: 'day',
  epsilon: '1',
  delta: '0.000001',
  mechanism: 'discrete-gaussian',
  bounds: { subject: 'user.id', visits: 3 },
  noise: 'both',
};

function termsOf(measurement: Measurement, overrides: Partial<Plan> = {}): string {
  return periodTermsOf(planOf([measurement], {}, { window, privacy, ...overrides }))!.hash;
}

describe('the reservation of a period goes on', () => {
  it.each<[string, Partial<Plan>]>([
    ['other keys', { keys: [testPrivateKey(1024).publicKey.kid] }],
    ['a later version', { sequence: 2 }],
    ['another grace', { window: { ...window, graceSeconds: 60 } }],
  ])('over a plan change to %s', (_, change) => {
    expect(termsOf(total, change)).toBe(termsOf(total));
  });

  test('for windows also where their length changes', () => {
    const windows: Measurement = { ...total, release: 'windows' };
    expect(termsOf(windows, { window: { ...window, seconds: 3600 } })).toBe(termsOf(windows));
  });
});

describe('there is another reservation', () => {
  it.each<[string, Measurement, Partial<Plan>]>([
    ['for totals where the length of windows changes', total, { window: { ...window, seconds: 3600 } }],
    ['where totals become windows', { ...total, release: 'windows' }, {}],
    ['where a bound changes', total, { privacy: { ...privacy, bounds: { subject: 'user.id', visits: 4 } } }],
    ['where a cost changes', { ...total, epsilon: '0.25' }, {}],
    ['for a plan of another name', total, { name: 'other' }],
  ])('%s', (_, measurement, change) => {
    expect(termsOf(measurement, change)).not.toBe(termsOf(total));
  });
});
