/** What the key holder derives from a plan once: the noise and cost of every measurement, and what binds its domain. */
import { labelCombinations, type CompiledPlan } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { isPaidPerPeriod } from '../plan/plan-cost.js';
import type { Mechanism } from '../privacy/mechanism.js';
import type { PrivacyCost } from '../privacy/privacy-cost.js';
import { noiseOf, releaseCost } from '../wire/release-noise.js';
import type { DomainBudget } from './budget-limits.js';
import { periodTermsOf, type PeriodTerms } from './period-terms.js';

export interface MeasurementTerms {
  /** Per slot. */
  readonly noise: readonly Mechanism[];
  /** Of one release, or of all of a period where that is what is paid for. */
  readonly cost: PrivacyCost;
  readonly isPaidPerPeriod: boolean;
}

export interface PlanTerms {
  readonly plan: CompiledPlan;
  readonly budget: DomainBudget;
  /** Of what is paid once a period; `undefined` where every release pays for itself. */
  readonly period: PeriodTerms | undefined;
  readonly measurements: ReadonlyMap<CompiledMeasurement, MeasurementTerms>;
}

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
  };
}

/** Per slot of every measurement: its noise and how often one window has it. */
export function noiseDemandOf({ plan, measurements }: PlanTerms): NoiseDemand[] {
  return plan.reports.flatMap((report) => {
    const count = labelCombinations(report).length;
    const noise = report.measurements.flatMap((measurement) => measurements.get(measurement)?.noise ?? []);
    return noise.map((mechanism) => ({ mechanism, count }));
  });
}

export interface NoiseDemand {
  readonly mechanism: Mechanism;
  readonly count: number;
}
