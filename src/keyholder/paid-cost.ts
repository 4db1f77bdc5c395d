/**
 * What the noise of a release costs, from its entry alone: whoever reads a ledger finds out whether a release was paid
 * for in full, by itself or by the reservation of a period.
 */
import { periodOf } from '../plan/budget-period.js';
import type { ContributionTerms } from '../plan/sensitivity.js';
import { addCosts, NO_COST, type PrivacyCost } from '../privacy/privacy-cost.js';
import { slotCost } from '../wire/release-noise.js';
import { costOfSelection, leastThreshold, type KeyChoice } from '../wire/selection-noise.js';
import { formatCost, parseCost, parseMechanism } from './ledger-amounts.js';
import type { CostText, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';

type Bounds = ReservedPeriodBody['bounds'];

/** What is wrong with a price that one event of the unit `event`, or one subject within these bounds, should pay. */
export function priceFault(body: ReservedBody, cost: CostText, bounds?: Bounds): string | undefined {
  try {
    return body.selection === undefined
      ? measuredFault(body, cost, bounds)
      : selectionFault(body, body.selection, cost, bounds);
  } catch {
    return 'its noise is none';
  }
}

function measuredFault(body: ReservedBody, cost: CostText, bounds: Bounds): string | undefined {
  const { cell, mechanism, noise, changes } = body;
  const ofTotals = cell.kind === 'total';
  const terms = termsOf(body, bounds);
  // Under Laplace noise, integer totals would cost what plans are refused for (wire/release-noise.ts).
  if (ofTotals && mechanism !== 'discrete-gaussian') return 'its running total has no Gaussian noise';
  if (ofTotals && !fillsPeriod(body)) return 'its windows do not fill its period';
  const slots = noise.map(({ parameter, bound }) =>
    slotCost(terms, { noise: parseMechanism(mechanism, parameter), bound: BigInt(bound) }, ofTotals),
  );
  // Slots that exclude each other share one price; where one span changes all, the prices add up.
  const isPaid =
    changes === 'all'
      ? isSameCost(slots.reduce(addCosts, NO_COST), cost)
      : slots.length > 0 && slots.every((slot) => isSameCost(slot, cost));
  return isPaid ? undefined : 'its cost is not that of its noise';
}

function selectionFault(
  body: ReservedBody,
  { keysPerSubject, threshold, servers }: NonNullable<ReservedBody['selection']>,
  cost: CostText,
  bounds: Bounds,
): string | undefined {
  const { mechanism, unit } = body;
  const [slot, ...others] = body.noise;
  if (unit !== 'user-period' || !isWholePeriod(body)) return 'it does not select once a period of subjects';
  const noise = parseMechanism(mechanism, slot?.parameter ?? '0');
  if (noise.kind !== 'discrete-laplace' || others.length > 0) return 'its noise is not that of a selection';
  const { delta } = parseCost(cost);
  const choice: KeyChoice = { noise, servers, keysPerSubject, processes: bounds?.processes ?? 1, delta };
  if (!isSameCost(costOfSelection(choice), cost)) return 'its cost is not that of its noise';
  return BigInt(threshold) < leastThreshold(choice) ? 'its threshold is too low for its delta' : undefined;
}

function termsOf({ cell, period }: ReservedBody, bounds: Bounds): ContributionTerms {
  const seconds = cell.rangeEnd - cell.rangeStart;
  return { window: { seconds }, privacy: { period, ...(bounds && { bounds }) } };
}

/** Every total is one of a whole number of windows in its period. */
function fillsPeriod({ cell: { rangeStart, rangeEnd }, period }: ReservedBody): boolean {
  const { start, end } = periodOf(period, rangeStart);
  const seconds = rangeEnd - rangeStart;
  return (end - start) % seconds === 0 && (rangeStart - start) % seconds === 0;
}

function isWholePeriod({ cell: { rangeStart, rangeEnd }, period }: ReservedBody): boolean {
  const { start, end } = periodOf(period, rangeStart);
  return rangeStart === start && rangeEnd === end;
}

/** Whether these costs add up to this one. */
export function addUpTo(parts: readonly CostText[], whole: CostText): boolean {
  return isSameCost(parts.map(parseCost).reduce(addCosts, NO_COST), whole);
}

function isSameCost(cost: PrivacyCost, text: CostText): boolean {
  const { epsilon, rho, delta } = formatCost(cost);
  return epsilon === text.epsilon && rho === text.rho && delta === text.delta;
}
