/**
 * Reads an untrusted plan: shape first, then the rules between fields. All issues are reported together,
 * each with the path to the field and what to do.
 */
import { TelemetryKitError } from '../errors.js';
import { approximate, compareRational, parseRational, ZERO } from '../math/rational.js';
import { OTHER } from './components.js';
import type { Plan, Report } from './plan.js';
import { planSchema } from './schema.js';

export interface PlanIssue {
  /** For example `reports[0].measurements[2].values`. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

export interface PlanCheck {
  /** Present where there is no issue. */
  readonly plan?: Plan;
  readonly issues: readonly PlanIssue[];
  /** True statements a careful author wants to read; they do not refuse the plan. */
  readonly warnings: readonly PlanIssue[];
}

/** Largest epsilon a release or a period may declare; above it nothing is protected. */
const MAX_RELEASE_EPSILON = 10;
/** Smallest: keeps noise * 64 far inside a 48-bit slot (2^46). */
const MIN_RELEASE_EPSILON = 1e-6;
/** Most cells in one window: (measurement, label combination) pairs. */
const MAX_CELLS = 4096;

/** Checks any JSON value as a plan; never throws. */
export function checkPlan(input: unknown): PlanCheck {
  const parsed = planSchema.safeParse(input);
  if (!parsed.success) {
    return { issues: parsed.error.issues.map(describe), warnings: [] };
  }
  const plan = parsed.data as Plan;
  const issues = [...checkUniqueness(plan), ...checkLabels(plan), ...checkBudget(plan), ...checkSize(plan)];
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
      return { path, message: 'must be one of flag, category: correct the kind' };
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

function checkUniqueness(plan: Plan): PlanIssue[] {
  const reports = plan.reports.flatMap((report, r) => [
    ...repeated(
      `reports[${String(r)}].measurements`,
      report.measurements.map(({ name }) => name),
    ),
    ...repeated(`reports[${String(r)}].labels`, report.labels),
    ...report.measurements.flatMap((measurement, m) =>
      measurement.kind === 'category'
        ? checkCategory(`reports[${String(r)}].measurements[${String(m)}].values`, measurement)
        : [],
    ),
  ]);
  return [
    ...repeated('keys', plan.keys),
    ...repeated(
      'reports',
      plan.reports.map(({ name }) => name),
    ),
    ...repeated(
      'labels',
      plan.labels.map(({ key }) => key),
    ),
    ...reports,
  ];
}

function checkCategory(path: string, measurement: { values: readonly string[]; other?: boolean }): PlanIssue[] {
  const clash = measurement.other === true && measurement.values.includes(OTHER);
  return [
    ...repeated(path, measurement.values),
    ...(clash ? [{ path, message: `declares "${OTHER}" beside other: true: drop one of the two` }] : []),
  ];
}

function repeated(path: string, names: readonly string[]): PlanIssue[] {
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [...new Set(twice)].map((name) => ({ path, message: `"${name}" appears twice: each must be unique` }));
}

function checkLabels(plan: Plan): PlanIssue[] {
  const declared = new Set(plan.labels.map(({ key }) => key));
  const sealed = new Set([
    ...plan.redact,
    ...plan.reports.flatMap((report) => report.measurements.map(({ attribute }) => attribute)),
  ]);
  const labels = plan.labels.flatMap(({ key, values, otherwise }, index) => {
    const path = `labels[${String(index)}]`;
    return [
      ...repeated(`${path}.values`, values),
      ...(values.includes(otherwise)
        ? []
        : [{ path: `${path}.otherwise`, message: 'is not one of values: add it there' }]),
      ...(sealed.has(key)
        ? [{ path: `${path}.key`, message: 'is also sealed or redacted: a label travels in clear, choose one' }]
        : []),
    ];
  });
  const used = plan.reports.flatMap((report, r) =>
    report.labels
      .filter((key) => !declared.has(key))
      .map((key) => ({
        path: `reports[${String(r)}].labels`,
        message: `"${key}" is not declared in labels: declare it with its values`,
      })),
  );
  return [...labels, ...used];
}

function checkBudget(plan: Plan): PlanIssue[] {
  const budget = parseRational(plan.privacy.epsilon);
  const issues: PlanIssue[] = [];
  if (compareRational(budget, ZERO) === 0) {
    issues.push({
      path: 'privacy.epsilon',
      message: 'is 0: nothing could ever be released, declare a positive budget',
    });
  }
  plan.reports.forEach((report, r) => {
    report.measurements.forEach(({ epsilon }, m) => {
      const path = `reports[${String(r)}].measurements[${String(m)}].epsilon`;
      const value = approximate(parseRational(epsilon));
      if (value < MIN_RELEASE_EPSILON)
        issues.push({ path, message: 'is below 0.000001: the noise would not fit its slot, raise it' });
      if (value > MAX_RELEASE_EPSILON) issues.push({ path, message: 'is above 10: that protects nobody, lower it' });
      if (compareRational(parseRational(epsilon), budget) > 0) {
        issues.push({
          path,
          message: `is more than the whole budget of ${plan.privacy.epsilon}: lower it or raise privacy.epsilon`,
        });
      }
    });
  });
  return issues;
}

function checkSize(plan: Plan): PlanIssue[] {
  const cells = cellsPerWindow(plan);
  return cells > MAX_CELLS
    ? [
        {
          path: 'reports',
          message: `would release ${String(cells)} cells each window, more than ${String(MAX_CELLS)}: use fewer labels`,
        },
      ]
    : [];
}

/** Releases of one window: for every report, its measurements times its label combinations. */
export function cellsPerWindow(plan: Plan): number {
  return plan.reports.reduce((sum, report) => sum + report.measurements.length * labelCombinations(plan, report), 0);
}

function labelCombinations(plan: Plan, report: Report): number {
  return report.labels.reduce(
    (product, key) => product * (plan.labels.find((label) => label.key === key)?.values.length ?? 1),
    1,
  );
}

function warnAbout(plan: Plan): PlanIssue[] {
  const warnings: PlanIssue[] = [];
  if (plan.window.seconds < 10) {
    warnings.push({
      path: 'window.seconds',
      message: 'is below 10: for demonstrations only, noise outweighs such short windows',
    });
  }
  if (plan.window.graceSeconds < 30) {
    warnings.push({
      path: 'window.graceSeconds',
      message: 'is below 30: contributions delayed on their way are rejected as late',
    });
  }
  if (plan.privacy.noise === 'keyholder') {
    warnings.push({
      path: 'privacy.noise',
      message: 'is "keyholder": the key holder sees exact totals before it adds noise',
    });
  }
  const spent = windowEpsilon(plan);
  const windows = approximate(parseRational(plan.privacy.epsilon)) / spent;
  warnings.push({
    path: 'privacy',
    message: `a window costs epsilon ${String(spent)} (event, sequential); the budget of ${plan.privacy.epsilon} a ${plan.privacy.period} pays for ${String(Math.floor(windows))} windows of ${String(plan.window.seconds)} s, later ones are suppressed`,
  });
  return warnings;
}

function windowEpsilon(plan: Plan): number {
  return plan.reports.reduce(
    (sum, report) =>
      sum +
      labelCombinations(plan, report) *
        report.measurements.reduce((inner, { epsilon }) => inner + approximate(parseRational(epsilon)), 0),
    0,
  );
}
