/**
 * Reads an untrusted plan: shape first, then the rules between fields. All issues are reported together,
 * each with the path to the field and what to do.
 */
import { TelemetryKitError } from '../errors.js';
import { checkMeasurements } from './check-measurements.js';
import { checkOpenLabels } from './check-open-labels.js';
import { checkPrivacy } from './check-privacy.js';
import { checkStructure } from './check-structure.js';
import { checkWork } from './check-work.js';
import { compilePlan } from './compile.js';
import type { Plan } from './plan.js';
import type { PlanIssue } from './plan-issue.js';
import { warnAbout } from './plan-warnings.js';
import { planSchema } from './schema.js';

export type { PlanIssue } from './plan-issue.js';

export interface PlanCheck {
  /** Present where there is no issue. */
  readonly plan?: Plan;
  readonly issues: readonly PlanIssue[];
  /** True statements a careful author wants to read; they do not refuse the plan. */
  readonly warnings: readonly PlanIssue[];
}

/** Checks any JSON value as a plan; never throws. */
export function checkPlan(input: unknown): PlanCheck {
  const parsed = planSchema.safeParse(input);
  if (!parsed.success) {
    return { issues: parsed.error.issues.map(describe), warnings: [] };
  }
  const plan = parsed.data as Plan;
  const rules = [...checkStructure(plan), ...checkMeasurements(plan), ...checkPrivacy(plan), ...checkOpenLabels(plan)];
  // What follows needs a plan that can be compiled.
  const issues = rules.length > 0 ? rules : checkWork(compilePlan(plan));
  return issues.length > 0 ? { issues, warnings: [] } : { plan, issues, warnings: warnAbout(plan) };
}

/** As `checkPlan`, for callers that need a plan: throws `invalid_plan` naming every issue. */
export function parsePlan(input: unknown): Plan {
  const { plan, issues } = checkPlan(input);
  if (plan === undefined) {
    throw new TelemetryKitError(
      'invalid_plan',
      `the measurement plan is not valid: ${issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ')}`,
      { fix: 'correct the named fields, then run `telemetry-kit plan check FILE`' },
    );
  }
  return plan;
}

type RawIssue = NonNullable<ReturnType<typeof planSchema.safeParse>['error']>['issues'][number];

function describe(issue: RawIssue): PlanIssue {
  const path = issue.path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${String(step)}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
  switch (issue.code) {
    case 'unrecognized_keys':
      return { path: path || '(plan)', message: `has unknown fields ${issue.keys.join(', ')}: remove or correct them` };
    case 'invalid_union':
      return path.startsWith('labels')
        ? { path, message: 'must be true, or absent where the label lists its values: correct or remove it' }
        : { path, message: 'must be one of flag, category, histogram, sum, product: correct the kind' };
    default:
      return {
        path: path || '(plan)',
        message:
          issue.message === 'Invalid input'
            ? 'is missing or has the wrong type: see docs/DATA_MODEL.md'
            : issue.message,
      };
  }
}
