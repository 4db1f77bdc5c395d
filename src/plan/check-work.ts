/** Bounds on the work a plan asks of others: proofs in one envelope, accumulators joined when a window closes. */
import { labelCombinations, type CompiledPlan, type CompiledReport } from './compile.js';
import { envelopeLayout, spanBoundsOf } from './layout.js';
import type { PlanIssue } from './plan-issue.js';

/** A branch costs a receiver half a millisecond at 2048 bits, alone several. */
const MAX_BRANCHES = 2048;
/** Joining one accumulator costs a receiver about a millisecond at 2048 bits, with traffic or without. */
const MAX_JOINED_SLOTS = 512;

export function checkWork({ reports }: CompiledPlan): PlanIssue[] {
  return reports.flatMap((report) => [...checkBranches(report), ...checkJoins(report)]);
}

function checkBranches(report: CompiledReport): PlanIssue[] {
  const layouts = envelopeLayout(report, Math.max(...spanBoundsOf(report)));
  const branches = layouts
    .flatMap(({ components }) => components)
    .reduce((sum, { set }) => sum + set.arity * set.tuples.length, 0);
  const message = `needs ${String(branches)} proofs an envelope, more than ${String(MAX_BRANCHES)}: split the report, use fewer values or smaller span bounds`;
  return branches > MAX_BRANCHES ? [{ path: `reports[${String(report.index)}].measurements`, message }] : [];
}

function checkJoins(report: CompiledReport): PlanIssue[] {
  if (report.report.mode === 'per-span') return [];
  const slots = report.measurements.reduce((sum, measurement) => sum + measurement.slots.length, 0);
  const joined = slots * labelCombinations(report).length;
  const message = `joins ${String(joined)} coalesced totals a window, more than ${String(MAX_JOINED_SLOTS)}: use fewer labels or values`;
  return joined > MAX_JOINED_SLOTS ? [{ path: `reports[${String(report.index)}].labels`, message }] : [];
}
