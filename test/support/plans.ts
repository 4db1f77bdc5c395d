/** Small plans for tests. */
import { parsePlan } from '../../src/plan/check.js';
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import type { Measurement, Plan, Report } from '../../src/plan/plan.js';
import { testPrivateKey } from './keys.js';

/** A plan with a flag and a category, split by one label, for the 512-bit test key. */
export function testPlanDocument(overrides: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    name: 'shop',
    sequence: 1,
    keys: [testPrivateKey().publicKey.kid],
    window: { seconds: 60, graceSeconds: 30, lagSeconds: 0 },
    privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '20', noise: 'both' },
    labels: [{ key: 'region', values: ['eu', 'us', 'elsewhere'], otherwise: 'elsewhere' }],
    reports: [
      {
        name: 'checkout',
        mode: 'per-span',
        spans: { names: ['checkout'] },
        labels: ['region'],
        measurements: [
          { name: 'success', attribute: 'checkout.success', kind: 'flag', epsilon: '1' },
          {
            name: 'plan',
            attribute: 'customer.plan',
            kind: 'category',
            values: ['free-forever', 'team-monthly', 'enterprise-annual'],
            other: true,
            epsilon: '1',
          },
        ],
      },
    ],
    redact: ['customer.email'],
    ...overrides,
  };
}

export function testPlan(overrides: Partial<Plan> = {}): CompiledPlan {
  return compilePlan(parsePlan(testPlanDocument(overrides)));
}

/** A plan with one report of these measurements. */
export function planOf(
  measurements: readonly Measurement[],
  report: Partial<Report> = {},
  overrides: Partial<Plan> = {},
): CompiledPlan {
  const [first] = testPlanDocument().reports;
  return testPlan({ labels: [], reports: [{ ...first!, labels: [], measurements, ...report }], ...overrides });
}
