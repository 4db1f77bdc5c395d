/** Plans with an open label, for tests. */
import { parsePlan } from '../../src/plan/check.js';
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import type { OpenLabel, Plan, PlanPrivacy, Report } from '../../src/plan/plan.js';
import { testPlanDocument } from './plans.js';

interface OpenPlanOptions {
  readonly label?: Partial<OpenLabel>;
  readonly report?: Partial<Report>;
  readonly privacy?: Partial<PlanPrivacy>;
  readonly plan?: Partial<Plan>;
}

/** One report with a flag, split by the open label `feature`: an hour's windows and budget, of 6 visits each. */
export function openPlanDocument({ label, report, privacy, plan }: OpenPlanOptions = {}): Plan {
  const [first] = testPlanDocument().reports;
  return testPlanDocument({
    window: { seconds: 3600, graceSeconds: 30, lagSeconds: 0 },
    privacy: {
      domain: 'shop',
      unit: 'user-period',
      period: 'hour',
      epsilon: '2',
      delta: '0.000001',
      bounds: { subject: 'user.id', visits: 6 },
      noise: 'both',
      ...privacy,
    },
    labels: [{ key: 'feature', open: true, ...label }],
    reports: [
      {
        ...first!,
        labels: ['feature'],
        selectionEpsilon: '1',
        measurements: [{ name: 'success', attribute: 'checkout.success', kind: 'flag', epsilon: '1' }],
        ...report,
      },
    ],
    ...plan,
  });
}

export function openPlan(options: OpenPlanOptions = {}): CompiledPlan {
  return compilePlan(parsePlan(openPlanDocument(options)));
}
