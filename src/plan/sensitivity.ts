/**
 * How far one unit of privacy can move what is released: add or remove one span (unit `event`), or everything
 * that one subject contributes in a budget period within its bounds (unit `user-period`). Neighbours differ by
 * adding or removing one unit, never by replacing one (docs/PRIVACY.md, "Units").
 */
import type { ContributionBounds, Plan, PlanPrivacy } from './plan.js';

/** Of one slot over all cells and windows together that one unit touches. */
export interface Sensitivity {
  readonly l1: bigint;
  /** The square of the L2 sensitivity. */
  readonly l2Squared: bigint;
}

/** Of a plan, what says how much one unit contributes in a period: what the ledger of its releases repeats. */
export interface ContributionTerms {
  readonly window: Pick<Plan['window'], 'seconds'>;
  readonly privacy: Pick<PlanPrivacy, 'period'> & BoundedSpans;
}

interface BoundedSpans {
  readonly bounds?: Omit<ContributionBounds, 'subject'>;
}

/** `bound`: the most that one span adds to the slot. */
export function sensitivityOf(privacy: BoundedSpans, bound: bigint): Sensitivity {
  const spans = touchedWindows(privacy).map(BigInt);
  return {
    l1: bound * spans.reduce((sum, count) => sum + count, 0n),
    l2Squared: bound * bound * spans.reduce((sum, count) => sum + count * count, 0n),
  };
}

/**
 * Spans of one unit in each window it touches, the most first: the worst case within its bounds, for norms that
 * grow with concentration and for running totals, where early windows weigh most.
 */
export function touchedWindows({ bounds }: BoundedSpans): number[] {
  if (bounds === undefined) return [1];
  const { visits, visitsPerWindow = visits } = bounds;
  const full = new Array<number>(Math.floor(visits / visitsPerWindow)).fill(visitsPerWindow);
  const rest = visits % visitsPerWindow;
  return rest === 0 ? full : [...full, rest];
}
