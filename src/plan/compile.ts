/** A checked plan with everything derived from it once: hash, component sets, label combinations. */
import { toBase64Url } from '../bytes.js';
import { hashPlan } from './canonical.js';
import { compileMeasurement, type CompiledMeasurement } from './components.js';

import type { Label, Plan, Report } from './plan.js';

export interface CompiledReport {
  /** Position in the plan: the number an envelope carries. */
  readonly index: number;
  readonly report: Report;
  /** The report's labels in the report's order. */
  readonly labels: readonly Label[];
  readonly measurements: readonly CompiledMeasurement[];
}

export interface CompiledPlan {
  readonly plan: Plan;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** The same, base64url: how plans are named in envelopes, logs and pins. */
  readonly hashText: string;
  readonly reports: readonly CompiledReport[];
}

/** The plan must have passed `parsePlan`. */
export function compilePlan(plan: Plan): CompiledPlan {
  const hash = hashPlan(plan);
  const reports = plan.reports.map((report, index) => compileReport(plan, report, index));
  return { plan, hash, hashText: toBase64Url(hash), reports };
}

function compileReport(plan: Plan, report: Report, index: number): CompiledReport {
  const labels = report.labels.flatMap((key) => plan.labels.filter((label) => label.key === key));
  return { index, report, labels, measurements: report.measurements.map(compileMeasurement) };
}

/** Every combination of label indices of a report, in lexicographic order; one empty combination without labels. */
export function labelCombinations(report: CompiledReport): number[][] {
  return report.labels.reduce<number[][]>(
    (combinations, label) => combinations.flatMap((head) => label.values.map((_, index) => [...head, index])),
    [[]],
  );
}

/** Start of the window, in Unix seconds, that holds this moment. */
export function windowStartOf(plan: Plan, unixMillis: number): number {
  return Math.floor(unixMillis / 1000 / plan.window.seconds) * plan.window.seconds;
}
