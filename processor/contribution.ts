/** From a captured span to what it contributes to its report. Every value has one outcome, none throws. */
import type { HrTime } from '@opentelemetry/api';
import { membersOf } from '../src/plan/classify.js';
import { windowStartOf, type CompiledReport } from '../src/plan/compile.js';
import type { LabelValue, Plan } from '../src/plan/plan.js';
import type { Contribution } from '../src/wire/seal.js';
import type { CapturedSpan } from './captured-span.js';
import { ValueClassifier, type CountedValue } from './value-classifier.js';

/** What one span adds to its report. SECRET: holds the classified values. */
export interface ClassifiedSpan {
  readonly report: CompiledReport;
  /** Unix seconds: the window in which the span ended. */
  readonly windowStart: number;
  /** One per label of the report, in its order. */
  readonly labels: readonly LabelValue[];
  /** Per measurement: what its value counts as, and what is added to each slot. */
  readonly values: readonly CountedValue[];
  /** Of an open label: whether it is the first of its subject with this key in the period. Default false. */
  readonly isFirstOfKey?: boolean;
}

export class SpanClassifier {
  readonly #plan: Plan;
  /** By the report's index. */
  readonly #classifiers: readonly (readonly ValueClassifier[])[];

  constructor(plan: Plan, reports: readonly CompiledReport[]) {
    this.#plan = plan;
    this.#classifiers = reports.map(({ measurements }) =>
      measurements.map((measurement) => new ValueClassifier(measurement)),
    );
  }

  classify(report: CompiledReport, captured: CapturedSpan, endTime: HrTime): ClassifiedSpan {
    const values: CountedValue[] = [];
    for (const classifier of this.#classifiers[report.index] ?? []) values.push(classifier.classify(captured));
    return {
      report,
      windowStart: windowStartOf(this.#plan, unixMillis(endTime)),
      labels: captured.publicLabels,
      values,
    };
  }
}

/** The contribution of one span with an envelope of its own. */
export function perSpanContribution(span: ClassifiedSpan): Contribution {
  const { report, windowStart, labels, values } = span;
  const members = report.measurements.map((measurement, index) =>
    membersOf(measurement, values[index]?.increments ?? []),
  );
  if (report.openLabel !== undefined) members.push([span.isFirstOfKey === true ? 1 : 0]);
  return { report, windowStart, labels, members };
}

/** Whether another sealing processor got hold of a value of this report first: it would be counted wrongly. */
export function isAlreadySealed(report: CompiledReport, captured: CapturedSpan): boolean {
  return (
    captured.mayBeTaken && report.measurements.some(({ attributes }) => attributes.some((key) => captured.isTaken(key)))
  );
}

function unixMillis([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
}
