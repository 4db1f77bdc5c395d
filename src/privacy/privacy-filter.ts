/**
 * A budget as a filter for adaptively chosen releases: one is granted where what all granted ones cost, itself
 * included, stays within the limit. The decision depends on public parameters only, sums are exact rationals, and a
 * refusal consumes nothing.
 *
 * Pure: sum of epsilon (Rogers, Roth, Ullman, Vadhan, NeurIPS 2016). Concentrated: sum of rho and sum of delta for
 * approximate zCDP (Feldman, Zrnic, arXiv 2008.11193; Whitehouse et al., arXiv 2203.05481).
 */
import { assertArgument } from '../errors.js';
import { ZERO } from '../math/rational.js';
import { amountFrom, amountOf, nothingOf, quantitiesOf, type Amount } from './privacy-amount.js';
import { PrivacyBudget } from './privacy-budget.js';
import type { PrivacyCost } from './privacy-cost.js';

export interface Granted {
  readonly decision: 'granted';
  readonly spent: Amount;
  readonly left: Amount;
}

export interface Refused {
  readonly decision: 'refused';
  /** Not enough budget, or a time before one that was asked for already. */
  readonly reason: 'budget' | 'past';
  readonly asked: Amount;
  readonly spent: Amount;
  readonly left: Amount;
  /** When as much as was asked will be free, in the unit of the filter's time; `undefined` if never. */
  readonly refillsAt?: number;
}

export type FilterDecision = Granted | Refused;

export class PrivacyFilter {
  readonly limit: Amount;
  /** One scalar budget for each quantity of the measure. */
  readonly #parts: readonly PrivacyBudget[];

  /** `spent` is what earlier runs consumed; it may exceed a limit that was lowered since. */
  constructor(limit: Amount, spent: Amount = nothingOf(limit)) {
    assertArgument(limit.kind === spent.kind, 'limit and spent are in different measures', 'pass both in one measure');
    const already = quantitiesOf(spent);
    this.limit = limit;
    this.#parts = quantitiesOf(limit).map((part, index) => new PrivacyBudget(part, already[index]));
  }

  get spent(): Amount {
    return amountFrom(
      this.limit.kind,
      this.#parts.map(({ spent }) => spent),
    );
  }

  /** Never negative. */
  get left(): Amount {
    return amountFrom(
      this.limit.kind,
      this.#parts.map(({ left }) => left),
    );
  }

  /** Whether `tryReserve` would grant this much. Throws `invalid_argument` like `amountOf`. */
  fits(cost: PrivacyCost): boolean {
    const asked = quantitiesOf(amountOf(cost, this.limit.kind));
    return this.#parts.every((part, index) => part.fits(asked[index] ?? ZERO));
  }

  /** Consumes the cost where it fits, nothing otherwise. Throws `invalid_argument` like `amountOf`. */
  tryReserve(cost: PrivacyCost): FilterDecision {
    if (!this.fits(cost)) return this.refusal(cost, 'budget');
    const asked = quantitiesOf(amountOf(cost, this.limit.kind));
    asked.forEach((part, index) => this.#parts[index]?.tryReserve(part));
    return { decision: 'granted', spent: this.spent, left: this.left };
  }

  /** The refusal of a cost, as things stand. */
  refusal(cost: PrivacyCost, reason: Refused['reason']): Refused {
    const asked = amountOf(cost, this.limit.kind);
    return { decision: 'refused', reason, asked, spent: this.spent, left: this.left };
  }
}

/**
 * Reserves from all filters or from none: a quota inside one budget, or several periods that one window touches.
 * Returns the first refusal.
 */
export function reserveTogether(filters: readonly PrivacyFilter[], cost: PrivacyCost): Refused | undefined {
  const full = filters.find((filter) => !filter.fits(cost));
  if (full !== undefined) return full.refusal(cost, 'budget');
  for (const filter of filters) filter.tryReserve(cost);
  return undefined;
}
