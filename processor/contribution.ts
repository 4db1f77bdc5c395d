/** From a captured span to what it contributes to its report. Every value has one outcome, none throws. */
import type { HrTime } from '@opentelemetry/api';
import { classifyValue, type ValueOutcome } from '../src/plan/classify.js';
import { windowStartOf, type CompiledReport } from '../src/plan/compile.js';
import type { Plan } from '../src/plan/plan.js';
import type { Contribution } from '../src/wire/seal.js';
import type { CapturedSpan } from './captured-span.js';
import { SEALED } from './sealed-texts.js';

export interface ClassifiedContribution {
  readonly contribution: Contribution;
  /** Per measurement. */
  readonly outcomes: readonly ValueOutcome[];
}

/** The window is the one in which the span ended. */
export function classifyContribution(
  plan: Plan,
  report: CompiledReport,
  captured: CapturedSpan,
  endTime: HrTime,
): ClassifiedContribution {
  const classified = report.measurements.map(({ measurement }) =>
    classifyValue(measurement, captured.valueOf(measurement.attribute)),
  );
  return {
    contribution: {
      report,
      windowStart: windowStartOf(plan, unixMillis(endTime)),
      labels: captured.labels,
      members: classified.map(({ members }) => members),
    },
    outcomes: classified.map(({ outcome }) => outcome),
  };
}

/** Whether another sealing processor got hold of a value of this report first: it would be counted wrongly. */
export function isAlreadySealed(report: CompiledReport, captured: CapturedSpan): boolean {
  return report.measurements.some(({ measurement }) => captured.valueOf(measurement.attribute) === SEALED);
}

function unixMillis([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
}
