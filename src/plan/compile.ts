/** A checked plan with everything derived from it once: hash, component sets, label combinations. */
import { toBase64Url } from '../bytes.js';
import { hashPlan } from './canonical.js';
import { compileMeasurement, type CompiledMeasurement } from './components.js';
import { isOpen, MAX_KEY_BYTES, OTHER_KEY } from './labels.js';
import type { Label, LabelValue, Plan, Report } from './plan.js';

export interface CompiledReport {
  /** Position in the plan: the number an envelope carries. */
  readonly index: number;
  readonly report: Report;
  /** The report's labels in the report's order. */
  readonly labels: readonly Label[];
  /** Its open label, where it has one. */
  readonly openLabel: CompiledOpenLabel | undefined;
  readonly measurements: readonly CompiledMeasurement[];
}

interface CompiledOpenLabel {
  /** Position among the report's labels. */
  readonly position: number;
  /** Most keys under which one subject counts in a period. */
  readonly keysPerSubject: number;
  /** Bytes of the longest key. */
  readonly longest: number;
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
  const measurements = report.measurements.map(compileMeasurement);
  return { index, report, labels, openLabel: compileOpenLabel(labels), measurements };
}

function compileOpenLabel(labels: readonly Label[]): CompiledOpenLabel | undefined {
  const position = labels.findIndex(isOpen);
  const label = labels[position];
  if (label === undefined || !isOpen(label)) return undefined;
  const { keysPerSubject = 1, longest = MAX_KEY_BYTES } = label;
  return { position, keysPerSubject, longest };
}

/**
 * Every combination of label values of a report, in lexicographic order; one empty combination without labels. An
 * open label has these keys, and `__other__` after them.
 */
export function labelCombinations(report: CompiledReport, keys: readonly string[] = []): LabelValue[][] {
  return report.labels.reduce<LabelValue[][]>(
    (combinations, label) => {
      const values = isOpen(label) ? [...keys, OTHER_KEY] : label.values.map((_, index) => index);
      return combinations.flatMap((head) => values.map((value) => [...head, value]));
    },
    [[]],
  );
}

/** Start of the window, in Unix seconds, that holds this moment. */
export function windowStartOf(plan: Plan, unixMillis: number): number {
  return Math.floor(unixMillis / 1000 / plan.window.seconds) * plan.window.seconds;
}
