/**
 * What is asked of a contribution store: blocks of visits, so that a subject is looked up a few times a period rather
 * than at every visit. Where windows have a bound of their own a block belongs to one window and takes from two
 * counters, one question each.
 */
import type { ContributionBounds } from '../src/plan/plan.js';
import type { CounterRequest } from './contribution-store.js';
import { windowBound } from './visit.js';

export interface VisitCounters {
  readonly period: string;
  /** Where windows have a bound of their own. */
  readonly window: string | undefined;
}

/** Visits that wait for a block. */
export interface Demand {
  readonly counters: VisitCounters;
  visits: number;
}

export interface Granted {
  /** Per demand. */
  readonly blocks: readonly number[];
  /** Counters of the period that are at their bound. */
  readonly exhausted: readonly string[];
}

/** Resolves, per request, what was reserved: at most its amount. */
export type Ask = (requests: readonly CounterRequest[]) => Promise<readonly number[]>;

/** A block is this part of a bound, rounded up: what a crash loses. */
const BLOCKS_PER_BOUND = 8;

/** The counter that a block is taken from, and by which it is remembered. */
export function blockOf({ period, window }: VisitCounters): string {
  return window ?? period;
}

export async function requestBlocks(
  demands: readonly Demand[],
  bounds: ContributionBounds,
  ask: Ask,
): Promise<Granted> {
  const bound = windowBound(bounds) ?? bounds.visits;
  const blocks = await ask(demands.map((demand) => requestOf(demand, bound)));
  if (windowBound(bounds) === undefined) return { blocks, exhausted: [] };

  // The window came first: what the period refuses now is of no use to any window.
  const amounts = new Map<string, number>();
  demands.forEach(({ counters: { period } }, index) => {
    amounts.set(period, (amounts.get(period) ?? 0) + (blocks[index] ?? 0));
  });
  const wanted = [...amounts].filter(([, amount]) => amount > 0);
  const granted = await ask(wanted.map(([counter, amount]) => ({ counter, amount, bound: bounds.visits })));
  const left = new Map(wanted.map(([counter], index) => [counter, granted[index] ?? 0]));
  const exhausted = wanted.filter(([, amount], index) => (granted[index] ?? 0) < amount).map(([counter]) => counter);
  const shares = demands.map(({ counters: { period } }, index) => {
    const share = Math.min(blocks[index] ?? 0, left.get(period) ?? 0);
    left.set(period, (left.get(period) ?? 0) - share);
    return share;
  });
  return { blocks: shares, exhausted };
}

function requestOf({ counters, visits }: Demand, bound: number): CounterRequest {
  const amount = Math.min(bound, Math.max(visits, Math.ceil(bound / BLOCKS_PER_BOUND)));
  return { counter: blockOf(counters), amount, bound };
}
