/**
 * A budget of epsilon under basic composition, as a filter: a release is granted where the sum of all
 * granted ones, itself included, stays within the limit (Rogers, Roth, Ullman, Vadhan, NeurIPS 2016: valid
 * for adaptively chosen releases). Exact rationals, so 0.1 fits ten times into 1 and not eleven times.
 * The decision depends on public parameters only; a refusal consumes nothing.
 */
import { addRational, compareRational, subtractRational, ZERO, type Rational } from '../math/rational.js';

export type BudgetDecision =
  | { readonly decision: 'granted'; readonly spent: Rational; readonly left: Rational }
  | { readonly decision: 'refused'; readonly asked: Rational; readonly spent: Rational; readonly left: Rational };

export class PrivacyBudget {
  readonly limit: Rational;
  #spent: Rational;

  /** `spent` is what earlier runs consumed; it may exceed a limit that was lowered since. */
  constructor(limit: Rational, spent: Rational = ZERO) {
    this.limit = limit;
    this.#spent = spent;
  }

  get spent(): Rational {
    return this.#spent;
  }

  /** Never negative. */
  get left(): Rational {
    return compareRational(this.#spent, this.limit) >= 0 ? ZERO : subtractRational(this.limit, this.#spent);
  }

  /** Whether `tryReserve` would grant this much. */
  fits(asked: Rational): boolean {
    return compareRational(addRational(this.#spent, asked), this.limit) <= 0;
  }

  /** Consumes `asked` where it fits, nothing otherwise. */
  tryReserve(asked: Rational): BudgetDecision {
    if (!this.fits(asked)) return { decision: 'refused', asked, spent: this.#spent, left: this.left };
    this.#spent = addRational(this.#spent, asked);
    return { decision: 'granted', spent: this.#spent, left: this.left };
  }
}
