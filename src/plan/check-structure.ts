/**
 * Rules of a plan that hold between its parts: unique names, declared labels, a bounded number of cells, windows
 * that stay within one budget period.
 */
import { isOpen } from './labels.js';
import { attributesOf, type ClosedLabel, type Period, type Plan, type Report } from './plan.js';
import { notIncreasing, repeated, type PlanIssue } from './plan-issue.js';

/** Most cells in one window: (measurement, label combination) pairs. */
const MAX_CELLS = 4096;
/** What windows must divide: a week is whole days but does not begin at the epoch, where windows are aligned. */
const DIVIDED_SECONDS: Readonly<Record<Period, number>> = { hour: 3600, day: 86_400, week: 86_400 };

export function checkStructure(plan: Plan): PlanIssue[] {
  return [
    ...checkUniqueness(plan),
    ...checkLabels(plan),
    ...checkModes(plan),
    ...checkSize(plan),
    ...checkWindow(plan),
  ];
}

function checkUniqueness(plan: Plan): PlanIssue[] {
  const named = (items: readonly { name: string }[]): string[] => items.map(({ name }) => name);
  return [
    ...repeated('keys', plan.keys),
    ...repeated('reports', named(plan.reports)),
    ...repeated(
      'labels',
      plan.labels.map(({ key }) => key),
    ),
    ...plan.reports.flatMap((report, r) => [
      ...repeated(`reports[${String(r)}].measurements`, named(report.measurements)),
      ...repeated(`reports[${String(r)}].labels`, report.labels),
    ]),
  ];
}

function checkLabels(plan: Plan): PlanIssue[] {
  const declared = new Set(plan.labels.map(({ key }) => key));
  const sealed = new Set([
    ...plan.redact,
    ...plan.reports.flatMap((report) => report.measurements.flatMap(attributesOf)),
  ]);
  const labels = plan.labels.flatMap((label, index) => {
    const path = `labels[${String(index)}]`;
    return [
      ...(isOpen(label) ? [] : checkValues(path, label)),
      ...(sealed.has(label.key)
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

function checkValues(path: string, { values, otherwise }: ClosedLabel): PlanIssue[] {
  const issues = repeated(`${path}.values`, values);
  return values.includes(otherwise)
    ? issues
    : [...issues, { path: `${path}.otherwise`, message: 'is not one of values: add it there' }];
}

function checkModes(plan: Plan): PlanIssue[] {
  return plan.reports.flatMap(({ mode, spanBounds }, r) => {
    const path = `reports[${String(r)}].spanBounds`;
    if (spanBounds === undefined) return [];
    return mode === 'coalesced'
      ? notIncreasing(path, spanBounds)
      : [{ path, message: 'belongs to coalesced reports only: remove it, or set mode to "coalesced"' }];
  });
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

/** A window that crosses the end of a period would be paid for twice; one that divides it never does. */
function checkWindow({ window: { seconds }, privacy: { period } }: Plan): PlanIssue[] {
  const whole = DIVIDED_SECONDS[period];
  if (whole % seconds === 0) return [];
  const unit = period === 'hour' ? 'an hour' : 'a day';
  return [
    {
      path: 'window.seconds',
      message: `does not divide ${unit} (${String(whole)} s), so windows would cross the end of a ${period}'s budget: choose a divisor, such as 60 or 3600`,
    },
  ];
}

/** Releases of one window: for every report, its measurements times its label combinations. */
function cellsPerWindow(plan: Plan): number {
  return plan.reports.reduce((sum, report) => sum + report.measurements.length * labelCombinations(plan, report), 0);
}

/** An open label counts once: how many keys it will have is not known. */
export function labelCombinations(plan: Plan, report: Report): number {
  return plan.labels
    .filter(({ key }) => report.labels.includes(key))
    .reduce((product, label) => product * (isOpen(label) ? 1 : label.values.length), 1);
}
