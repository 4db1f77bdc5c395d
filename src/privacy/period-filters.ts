/**
 * Budgets that refill with time. Time is an argument, and it only goes forward: what belongs to the past is refused,
 * because a clock that went back must not open a spent period again. Unused budget is not carried over.
 */
import { assertArgument } from '../errors.js';
import { amountOf, type Amount } from './privacy-amount.js';
import { addCosts, NO_COST, type PrivacyCost } from './privacy-cost.js';
import { PrivacyFilter, type FilterDecision, type Refused } from './privacy-filter.js';

/**
 * One budget for each period [k * periodSeconds, (k + 1) * periodSeconds) of Unix time. The guarantee is per period:
 * a span of the same length across a boundary may see two budgets.
 */
export class TumblingFilter {
  readonly limit: Amount;
  readonly periodSeconds: number;
  #period = -Infinity;
  #filter: PrivacyFilter;

  /** `earlier`: what runs before this one spent in the newest period they knew, and a time within it. */
  constructor(limit: Amount, periodSeconds: number, earlier?: { readonly atSeconds: number; readonly spent: Amount }) {
    assertWhole(periodSeconds, 'the length of a period');
    this.limit = limit;
    this.periodSeconds = periodSeconds;
    this.#filter = new PrivacyFilter(limit, earlier?.spent);
    if (earlier !== undefined) this.#period = this.#periodOf(earlier.atSeconds);
  }

  /** Of the period that the newest reservation was asked for. */
  get spent(): Amount {
    return this.#filter.spent;
  }

  /** `atSeconds`: Unix seconds. Refuses for a period before one that was asked for already. */
  tryReserve(cost: PrivacyCost, atSeconds: number): FilterDecision {
    const period = this.#periodOf(atSeconds);
    if (period < this.#period) return this.#filter.refusal(cost, 'past');
    if (period > this.#period) this.#filter = new PrivacyFilter(this.limit);
    this.#period = period;
    const decision = this.#filter.tryReserve(cost);
    const refills = decision.decision === 'refused' && new PrivacyFilter(this.limit).fits(cost);
    return refills ? { ...decision, refillsAt: (period + 1) * this.periodSeconds } : decision;
  }

  #periodOf(atSeconds: number): number {
    const period = Math.floor(atSeconds / this.periodSeconds);
    assertArgument(Number.isSafeInteger(period), 'not a time', 'pass Unix seconds');
    return period;
  }
}

/** What was spent in one window. */
export interface WindowSpending {
  readonly window: number;
  readonly cost: PrivacyCost;
}

/**
 * Every span of `windows` consecutive windows costs at most the limit: w-event privacy (Kellaris, Papadopoulos, Xiao,
 * Papadias, VLDB 2014). Windows are numbered by the caller.
 */
export class SlidingFilter {
  readonly limit: Amount;
  readonly windows: number;
  /** The newest windows in which something was spent, oldest first. */
  #ring: WindowSpending[] = [];
  #newest = -Infinity;

  /** `earlier`: what runs before this one spent, oldest window first. */
  constructor(limit: Amount, windows: number, earlier: readonly WindowSpending[] = []) {
    assertWhole(windows, 'the number of windows');
    this.limit = limit;
    this.windows = windows;
    this.#ring = [...earlier];
    this.#newest = earlier.at(-1)?.window ?? -Infinity;
  }

  /** Refuses for a window before one that was asked for already. `refillsAt` is a window. */
  tryReserve(cost: PrivacyCost, window: number): FilterDecision {
    assertArgument(Number.isSafeInteger(window), 'not a window', 'pass its number');
    const live = this.#liveAt(Math.max(window, this.#newest));
    if (window < this.#newest) return this.#filterOf(live).refusal(cost, 'past');
    this.#newest = window;
    this.#ring = live;
    const decision = this.#filterOf(live).tryReserve(cost);
    if (decision.decision === 'granted') this.#spend(cost, window);
    return decision.decision === 'granted' ? decision : this.#withRefill(decision, cost);
  }

  #liveAt(window: number): WindowSpending[] {
    return this.#ring.filter((spending) => spending.window > window - this.windows);
  }

  #filterOf(live: readonly WindowSpending[]): PrivacyFilter {
    const total = live.reduce((sum, { cost }) => addCosts(sum, cost), NO_COST);
    return new PrivacyFilter(this.limit, amountOf(total, this.limit.kind));
  }

  #spend(cost: PrivacyCost, window: number): void {
    const last = this.#ring.at(-1);
    if (last?.window === window) this.#ring[this.#ring.length - 1] = { window, cost: addCosts(last.cost, cost) };
    else this.#ring.push({ window, cost });
  }

  /** As windows leave the span one after the other, the first time that the cost fits. */
  #withRefill(decision: Refused, cost: PrivacyCost): Refused {
    const leaving = this.#ring.map(({ window }) => window + this.windows);
    const refillsAt = leaving.find((window) => this.#filterOf(this.#liveAt(window)).fits(cost));
    return refillsAt === undefined ? decision : { ...decision, refillsAt };
  }
}

function assertWhole(value: number, name: string): void {
  assertArgument(Number.isSafeInteger(value) && value >= 1, `${name} is not a whole number`, 'pass 1 or more');
}
