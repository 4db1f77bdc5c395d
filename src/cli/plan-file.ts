/** Plan files as users have them: the bare plan, or the plan with the owner's signature. */
import { parsePlan } from '../plan/check.js';
import type { Plan } from '../plan/plan.js';
import { readJson } from './files.js';

export interface PlanFile {
  /** The plan part, unchecked. */
  readonly rawPlan: unknown;
  /** The whole document where it is a signed one. */
  readonly signed?: { readonly plan: unknown; readonly signature: unknown };
}

export function readPlanFile(path: string): PlanFile {
  const document = readJson(path, 'the plan');
  return isSigned(document) ? { rawPlan: document.plan, signed: document } : { rawPlan: document };
}

/** The checked plan of a file, signed or not; throws `invalid_plan` naming every issue. */
export function loadPlan(path: string): Plan {
  return parsePlan(readPlanFile(path).rawPlan);
}

function isSigned(document: unknown): document is { plan: unknown; signature: unknown } {
  return typeof document === 'object' && document !== null && 'plan' in document && 'signature' in document;
}
