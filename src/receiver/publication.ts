/** From stored windows to what readers are shown: names instead of positions, noise described, suppression explained. */
import type { AnsweredCell, AnsweredWindow, Store } from '../aggregation/store.js';
import { labelCombinations, type CompiledPlan, type CompiledReport } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { labelText } from '../plan/labels.js';
import { guaranteeOf, type PublishedGuarantee } from './published-guarantee.js';
import { publishedSlots, type PublishedSlot } from './published-slots.js';
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
  /** May be negative. An integer where it is a count. */
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
  const cells = (window.skipped ? skippedCells(report) : window.cells).flatMap((cell) => {
    const measurement = measurements[cell.measurement];
    return measurement === undefined ? [] : [describeCell(report, measurement, cell)];
  });
  const { windowStart, windowEnd } = window;
  // Where the key holder refused the whole window it names no domain.
  const budget = window.budget?.domain === '' ? undefined : window.budget;
  return { plan: plan.name, planHash, report: report.report.name, windowStart, windowEnd, cells, budget };
}

/** What all cells of a measurement share. */
interface DescribedMeasurement {
  readonly name: string;
  readonly slots: readonly PublishedSlot[];
  readonly guarantee: PublishedGuarantee;
}

function describeMeasurement({ plan }: CompiledPlan, compiled: CompiledMeasurement): DescribedMeasurement {
  const { name } = compiled.measurement;
  return { name, slots: publishedSlots(plan, compiled), guarantee: guaranteeOf(plan, compiled) };
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
  { name, slots, guarantee }: DescribedMeasurement,
  { labels, outcome }: DescribedCell,
): PublishedCell {
  return {
    measurement: name,
    labels: Object.fromEntries(report.labels.map((label, index) => [label.key, labelText(label, labels[index])])),
    guarantee,
    ...describeOutcome(slots, outcome),
  };
}

function describeOutcome(
  slots: readonly PublishedSlot[],
  outcome: DescribedCell['outcome'],
): Pick<PublishedCell, 'values' | 'suppressed' | 'ledger'> {
  switch (outcome?.status) {
    case 'released': {
      const noised = outcome.values;
      const values = slots.map(({ series, value, isCount, noise, amount }) => ({
        series,
        value,
        amount: amount(noised),
        isCount,
        ...noise,
      }));
      return { values, ledger: outcome.ledger };
    }
    case 'suppressed':
      return { values: [], suppressed: outcome.reason, ledger: outcome.ledger };
    case 'refused':
    case undefined:
      return { values: [], suppressed: 'error' };
  }
}
