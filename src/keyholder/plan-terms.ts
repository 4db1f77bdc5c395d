/** What the key holder derives from a plan once: the noise and cost of every measurement, and what binds its domain. */
import { labelCombinations, type CompiledPlan, type CompiledReport } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { isPaidPerPeriod } from '../plan/plan-cost.js';
import type { Mechanism } from '../privacy/mechanism.js';
import type { NoiseServers } from '../privacy/noise-law.js';
import type { PrivacyCost } from '../privacy/privacy-cost.js';
import { noiseOf, releaseCost } from '../wire/release-noise.js';
import { keyThreshold, selectionNoise, selectionServers } from '../wire/selection-noise.js';
import type { DomainBudget } from './budget-limits.js';
import { periodTermsOf, type PeriodTerms } from './period-terms.js';

export interface MeasurementTerms {
  /** Per slot. */
  readonly noise: readonly Mechanism[];
  /** Of one release, or of all of a period where that is what is paid for. */
  readonly cost: PrivacyCost;
  readonly isPaidPerPeriod: boolean;
}

/** Of the selection of an open label's keys, which is paid for per period. */
export interface SelectionTerms {
  /** In every count of subjects. */
  readonly noise: Mechanism;
  /** Noised counts from which on keys are selected. */
  readonly threshold: bigint;
  readonly keysPerSubject: number;
  /** How many of them add noise to a count. */
  readonly servers: NoiseServers;
}

export interface PlanTerms {
  readonly plan: CompiledPlan;
  readonly budget: DomainBudget;
  /** Of what is paid once a period; `undefined` where every release pays for itself. */
  readonly period: PeriodTerms | undefined;
  readonly measurements: ReadonlyMap<CompiledMeasurement, MeasurementTerms>;
  /** Of reports with an open label. */
  readonly selections: ReadonlyMap<CompiledReport, SelectionTerms>;
}

/** How many keys of an open label noise is drawn ahead for: nobody knows how many there will be. */
const KEYS_AHEAD = 250;

export function planTermsOf(plan: CompiledPlan, budget: DomainBudget): PlanTerms {
  const measurements = plan.reports.flatMap((report) => report.measurements);
  return {
    plan,
    budget,
    period: periodTermsOf(plan),
    measurements: new Map(
      measurements.map((measurement) => [
        measurement,
        {
          noise: noiseOf(plan.plan, measurement),
          cost: releaseCost(plan.plan, measurement),
          isPaidPerPeriod: isPaidPerPeriod(plan.plan.privacy, measurement.measurement),
        },
      ]),
    ),
    selections: new Map(plan.reports.flatMap((report) => selectionTermsOf(plan, report))),
  };
}

function selectionTermsOf(plan: CompiledPlan, report: CompiledReport): [CompiledReport, SelectionTerms][] {
  if (report.openLabel === undefined) return [];
  const { keysPerSubject } = report.openLabel;
  const servers = selectionServers(plan.plan.privacy);
  return [[report, { noise: selectionNoise(report), threshold: keyThreshold(plan, report), keysPerSubject, servers }]];
}

/** Per slot of every measurement, and for every count of subjects: its noise and how often one window has it. */
export function noiseDemandOf({ plan, measurements, selections }: PlanTerms): NoiseDemand[] {
  return plan.reports.flatMap((report) => {
    const selection = selections.get(report);
    const count = labelCombinations(report).length * (selection === undefined ? 1 : KEYS_AHEAD);
    const noise = report.measurements.flatMap((measurement) => measurements.get(measurement)?.noise ?? []);
    const demand = noise.map((mechanism) => ({ mechanism, count }));
    return selection === undefined ? demand : [...demand, { mechanism: selection.noise, count: KEYS_AHEAD }];
  });
}

export interface NoiseDemand {
  readonly mechanism: Mechanism;
  readonly count: number;
}
