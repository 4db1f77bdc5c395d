/**
 * Rules of open labels. Which keys are published is chosen once a period, at the end of a window that is as long
 * as the period: chosen window by window, each choice would cost epsilon and delta again. A subject is told its
 * keys' first visits apart by its bounds, and delta is the chance that a key of one subject alone is published.
 */
import { compareRational, parseRational, ZERO } from '../math/rational.js';
import { windowsPerPeriod } from './budget-period.js';
import { checkEpsilon } from './check-epsilon.js';
import { isOpen } from './labels.js';
import type { OpenLabel, Plan, Report } from './plan.js';
import type { PlanIssue } from './plan-issue.js';

export function checkOpenLabels(plan: Plan): PlanIssue[] {
  const labels = plan.labels.flatMap((label, index) =>
    isOpen(label) ? checkKeysPerSubject(plan, label, `labels[${String(index)}].keysPerSubject`) : [],
  );
  const reports = plan.reports.flatMap((report, r) => checkReport(plan, report, `reports[${String(r)}]`));
  const isOpenPlan = plan.reports.some((report) => openLabelsOf(plan, report).length > 0);
  return [...labels, ...reports, ...(isOpenPlan ? checkPeriod(plan) : [])];
}

function checkKeysPerSubject({ privacy }: Plan, { keysPerSubject = 1 }: OpenLabel, path: string): PlanIssue[] {
  const { visits = keysPerSubject } = privacy.bounds ?? {};
  return keysPerSubject > visits
    ? [{ path, message: 'is above privacy.bounds.visits: nobody can have so many keys, lower it' }]
    : [];
}

function checkReport(plan: Plan, report: Report, path: string): PlanIssue[] {
  const { selectionEpsilon, mode } = report;
  const open = openLabelsOf(plan, report);
  const field = `${path}.selectionEpsilon`;
  if (open.length === 0) {
    return selectionEpsilon === undefined
      ? []
      : [{ path: field, message: 'is for a report with an open label: remove it, or declare one' }];
  }
  const issues: PlanIssue[] = [];
  if (open.length > 1) {
    const message = `has several open labels (${open.map(({ key }) => key).join(', ')}): keep one, close the others`;
    issues.push({ path: `${path}.labels`, message });
  }
  if (mode === 'coalesced') {
    const message = 'is "coalesced", where every key would need an envelope of its own a flush: use "per-span"';
    issues.push({ path: `${path}.mode`, message });
  }
  return selectionEpsilon === undefined
    ? [...issues, { path: field, message: 'is missing: choosing which keys are published costs epsilon, declare it' }]
    : [...issues, ...checkEpsilon(field, selectionEpsilon)];
}

/** What the whole plan needs where any report has an open label. */
function checkPeriod(plan: Plan): PlanIssue[] {
  const { unit, period, mechanism, delta = '0' } = plan.privacy;
  const issues: PlanIssue[] = [];
  if (unit !== 'user-period') {
    const message = 'is not "user-period", which open labels need: a key is published where enough subjects have it';
    issues.push({ path: 'privacy.unit', message });
  }
  if (mechanism === 'discrete-gaussian') {
    const message = 'is "discrete-gaussian", which spends the delta that open labels need: use "discrete-laplace"';
    issues.push({ path: 'privacy.mechanism', message });
  }
  if (compareRational(parseRational(delta), ZERO) === 0) {
    const message = 'is 0, which no choice among open keys can keep: declare "0.000001"';
    issues.push({ path: 'privacy.delta', message });
  }
  if (windowsPerPeriod(plan) !== 1 || period === 'week') {
    const message = `is not a whole budget period ("${period}"), once in which the keys of open labels are chosen: use windows and periods of one hour, or of one day`;
    issues.push({ path: 'window.seconds', message });
  }
  return issues;
}

function openLabelsOf({ labels }: Plan, report: Report): OpenLabel[] {
  return labels.filter(isOpen).filter(({ key }) => report.labels.includes(key));
}
