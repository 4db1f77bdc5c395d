/** From a captured span to what it contributes to its report. Every value has one outcome, none throws. */
import type { HrTime } from '@opentelemetry/api';
import { classifyValue, membersOf, type ValueOutcome } from '../src/plan/classify.js';
import { windowStartOf, type CompiledReport } from '../src/plan/compile.js';
import type { Plan } from '../src/plan/plan.js';
import type { Contribution } from '../src/wire/seal.js';
import type { CapturedSpan } from './captured-span.js';
import { SEALED } from './sealed-texts.js';

/** What one span adds to its report. SECRET: holds the classified values. */
export interface ClassifiedSpan {
  readonly report: CompiledReport;
  /** Unix seconds: the window in which the span ended. */
  readonly windowStart: number;
  /** Indices into the report's labels' values. */
  readonly labels: readonly number[];
  /** Per measurement, what is added to each slot. */
  readonly increments: readonly (readonly bigint[])[];
  /** Per measurement. */
  readonly outcomes: readonly ValueOutcome[];
}

export function classifySpan(
  plan: Plan,
  report: CompiledReport,
  captured: CapturedSpan,
  endTime: HrTime,
): ClassifiedSpan {
  const classified = report.measurements.map((measurement) =>
    classifyValue(
      measurement,
      measurement.attributes.map((key) => captured.valueOf(key)),
    ),
  );
  return {
    report,
    windowStart: windowStartOf(plan, unixMillis(endTime)),
    labels: captured.labels,
    increments: classified.map(({ increments }) => increments),
    outcomes: classified.map(({ outcome }) => outcome),
  };
}

/** The contribution of one span with an envelope of its own. */
export function perSpanContribution({ report, windowStart, labels, increments }: ClassifiedSpan): Contribution {
  const members = report.measurements.map((measurement, index) => membersOf(measurement, increments[index] ?? []));
  return { report, windowStart, labels, members };
}

/** Whether another sealing processor got hold of a value of this report first: it would be counted wrongly. */
export function isAlreadySealed(report: CompiledReport, captured: CapturedSpan): boolean {
  return report.measurements.some(({ attributes }) => attributes.some((key) => captured.valueOf(key) === SEALED));
}

function unixMillis([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
}
