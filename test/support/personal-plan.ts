/** Plans whose unit is one subject's period. */
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import { parsePlan } from '../../src/plan/check.js';
import type { ContributionBounds, Plan } from '../../src/plan/plan.js';
import { testPlanDocument } from './plans.js';

export const SUBJECT = 'enduser.id';

let plans = 0;

/** Of a name of its own, because plans of one name go on counting where another one stopped. */
export function personalPlan(bounds: Partial<ContributionBounds> = {}, overrides: Partial<Plan> = {}): CompiledPlan {
  const document = testPlanDocument();
  return compilePlan(
    parsePlan({
      ...document,
      name: `personal_${String((plans += 1))}`,
      privacy: {
        ...document.privacy,
        unit: 'user-period',
        epsilon: '10',
        bounds: { subject: SUBJECT, visits: 3, ...bounds },
      },
      ...overrides,
    }),
  );
}
