/** From how many subjects on a key of an open label is published, for whoever writes a plan. */
import type { CompiledPlan } from '../plan/compile.js';
import type { PlanIssue } from '../plan/plan-issue.js';
import { keyThreshold } from '../wire/selection-noise.js';

/** One remark a report with an open label. */
export function selectionAdvice(compiled: CompiledPlan): PlanIssue[] {
  return compiled.reports
    .filter(({ openLabel }) => openLabel !== undefined)
    .map((report) => ({
      path: `reports[${String(report.index)}].selectionEpsilon`,
      message: `publishes a key whose noised number of subjects in one ${compiled.plan.privacy.period} is at least ${String(keyThreshold(compiled, report))}`,
    }));
}
