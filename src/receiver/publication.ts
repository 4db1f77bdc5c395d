/** From stored windows to what readers are shown: names instead of positions, noise described, suppression explained. */
import type { AnsweredCell, AnsweredWindow, DecodedTotal, Store } from '../aggregation/store.js';
import { labelCombinations, type CompiledPlan, type CompiledReport } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { labelText } from '../plan/labels.js';
import type { Plan } from '../plan/plan.js';
import { guaranteeOf, type PublishedGuarantee } from './published-guarantee.js';
import { publishedSlots, type PublishedSlot } from './published-slots.js';
import { publishedTotals } from './published-totals.js';
import type { BudgetState, LedgerPosition, SuppressionReason } from '../wire/release.js';

/** One window of one report, as published. */
export interface PublishedWindow {
  readonly plan: string;
  /** Base64url. */
  readonly planHash: string;
  readonly report: string;
  /** Unix seconds; the range is [windowStart, windowEnd). */
  readonly windowStart: number;
  readonly windowEnd: number;
  /** Every declared cell: measurements in plan order, then label combinations. */
  readonly cells: readonly PublishedCell[];
  /** After this window was charged; `undefined` where the key holder was not asked. */
  readonly budget: BudgetState | undefined;
}

export interface PublishedCell {
  readonly measurement: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly guarantee: PublishedGuarantee;
  /** Unix seconds: what the amounts are about began here and ended with the window. Earlier only of running totals. */
  readonly since: number;
  /** The noised amounts, unclamped; empty where suppressed. */
  readonly values: readonly PublishedValue[];
  /** Present exactly where there are no values. */
  readonly suppressed?: SuppressionReason;
  /** Where the key holder's ledger holds this release. */
  readonly ledger?: LedgerPosition;
}

export interface PublishedValue {
  /** Which series of the measurement: its own, or the one of a sum's count. */
  readonly series: PublishedSlot['series'];
  /** What was counted: `true`, `false`, a category, a bucket, a factor; `undefined` for sums. */
  readonly value: string | undefined;
  /** May be negative. An integer where it is the count of a window. */
  readonly amount: number;
  readonly isCount: boolean;
  /** Of all noise in the amount. */
  readonly stddev: number;
  /** What the noise hides is within the amount +- this with probability 0.95. */
  readonly halfWidth95: number;
}

/** Every published window that is still kept, in order of publication. */
export async function describePublished(store: Store, plans: readonly CompiledPlan[]): Promise<PublishedWindow[]> {
  const published = await store.published();
  return published.flatMap((window) => {
    const plan = plans.find(({ hashText }) => hashText === window.planHash);
    return (plan && describeWindow(plan, window)) ?? [];
  });
}

export function describeWindow(compiled: CompiledPlan, window: AnsweredWindow): PublishedWindow | undefined {
  const { plan, hashText: planHash } = compiled;
  const report = compiled.reports[window.report];
  if (report === undefined) return undefined;
  const measurements = report.measurements.map((measurement) => describeMeasurement(compiled, measurement));
  const { windowStart, windowEnd } = window;
  const cells = (window.skipped ? skippedCells(report) : window.cells).flatMap((cell) => {
    const measurement = measurements[cell.measurement];
    return measurement === undefined ? [] : [describeCell(report, windowStart, measurement, cell)];
  });
  // Where the key holder refused the whole window it names no domain.
  const budget = window.budget?.domain === '' ? undefined : window.budget;
  return { plan: plan.name, planHash, report: report.report.name, windowStart, windowEnd, cells, budget };
}

/** What all cells of a measurement share. */
interface DescribedMeasurement {
  readonly name: string;
  readonly guarantee: PublishedGuarantee;
  /** What readers are shown of a released cell; `undefined` of a running total that could not be decoded. */
  readonly describe: (values: readonly bigint[], total: DecodedTotal | undefined) => PublishedValue[] | undefined;
}

function describeMeasurement({ plan }: CompiledPlan, compiled: CompiledMeasurement): DescribedMeasurement {
  const { name, release } = compiled.measurement;
  const describe = release === 'total' ? totalDescription(plan, compiled) : windowDescription(plan, compiled);
  return { name, guarantee: guaranteeOf(plan, compiled), describe };
}

function windowDescription(plan: Plan, compiled: CompiledMeasurement): DescribedMeasurement['describe'] {
  const slots = publishedSlots(plan, compiled);
  return (noised) =>
    slots.map(({ series, value, isCount, noise, amount }) => ({
      series,
      value,
      amount: amount(noised),
      isCount,
      ...noise,
    }));
}

function totalDescription(plan: Plan, compiled: CompiledMeasurement): DescribedMeasurement['describe'] {
  const slots = publishedTotals(plan, compiled);
  return (_, total) =>
    total && slots.map(({ series, value, isCount, describe }) => ({ series, value, isCount, ...describe(total) }));
}

/** A cell and what became of it; no outcome: nobody asked for it. */
type DescribedCell = Omit<AnsweredCell, 'outcome'> & Partial<Pick<AnsweredCell, 'outcome'>>;

function skippedCells(report: CompiledReport): DescribedCell[] {
  return report.measurements.flatMap((_, measurement) =>
    labelCombinations(report).map((labels) => ({ measurement, labels })),
  );
}

function describeCell(
  report: CompiledReport,
  windowStart: number,
  { name, guarantee, describe }: DescribedMeasurement,
  { labels, outcome, total }: DescribedCell,
): PublishedCell {
  return {
    measurement: name,
    labels: Object.fromEntries(report.labels.map((label, index) => [label.key, labelText(label, labels[index])])),
    guarantee,
    since: total?.since ?? windowStart,
    ...describeOutcome(outcome, (noised) => describe(noised, total)),
  };
}

function describeOutcome(
  outcome: DescribedCell['outcome'],
  describe: (noised: readonly bigint[]) => PublishedValue[] | undefined,
): Pick<PublishedCell, 'values' | 'suppressed' | 'ledger'> {
  switch (outcome?.status) {
    case 'released': {
      const { ledger } = outcome;
      const values = describe(outcome.values);
      return values === undefined ? { values: [], suppressed: 'error', ledger } : { values, ledger };
    }
    case 'suppressed':
      return { values: [], suppressed: outcome.reason, ledger: outcome.ledger };
    case 'refused':
    case undefined:
      return { values: [], suppressed: 'error' };
  }
}
