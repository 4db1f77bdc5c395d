/** What is left to spend, as published: the newest state of every domain's budget. */
import {
  approximate,
  compareRational,
  formatRational,
  parseRationalFraction,
  subtractRational,
  ZERO,
} from '../math/rational.js';
import type { BudgetPart, BudgetState } from '../wire/release.js';
import type { PublishedPoints } from './published-points.js';
import type { PublishedWindow } from './publication.js';
import { BUDGET } from './series.js';

/** One state a domain among these windows. */
export function addBudgets(points: PublishedPoints, windows: readonly PublishedWindow[]): void {
  for (const [budget, windowEnd] of latestBudgets(windows)) addBudget(points, budget, windowEnd);
}

/** Of the last period, and in it after the most spending; with the end of its window. */
function latestBudgets(windows: readonly PublishedWindow[]): Map<BudgetState, number> {
  const byDomain = new Map<string, readonly [BudgetState, number]>();
  for (const { budget, windowEnd } of windows) {
    if (budget === undefined) continue;
    const [known] = byDomain.get(budget.domain) ?? [];
    if (known === undefined || isNewer(budget, known)) byDomain.set(budget.domain, [budget, windowEnd]);
  }
  return new Map(byDomain.values());
}

function isNewer(candidate: BudgetState, known: BudgetState): boolean {
  if (candidate.periodStart !== known.periodStart) return candidate.periodStart > known.periodStart;
  return compareRational(parseRationalFraction(candidate.consumed), parseRationalFraction(known.consumed)) > 0;
}

function addBudget(points: PublishedPoints, budget: BudgetState, end: number): void {
  const { domain, periodStart: start } = budget;
  for (const part of [budget, ...(budget.parts ?? []).map(withRemaining)]) {
    for (const name of ['limit', 'consumed', 'remaining'] as const) {
      const amount = part[name];
      if (amount === undefined) continue;
      const attributes = { domain, measure: part.measure };
      points.add(BUDGET[name], { start, end }, attributes, approximate(parseRationalFraction(amount)));
    }
  }
}

/** Of a part that has both a limit and something consumed, what is left of it; never negative. */
function withRemaining(part: BudgetPart): BudgetPart & { readonly remaining?: string } {
  if (part.limit === undefined || part.consumed === undefined) return part;
  const [limit, consumed] = [parseRationalFraction(part.limit), parseRationalFraction(part.consumed)];
  const left = compareRational(limit, consumed) <= 0 ? ZERO : subtractRational(limit, consumed);
  return { ...part, remaining: formatRational(left) };
}
