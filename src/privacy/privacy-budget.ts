/**
 * A budget of epsilon under basic composition, as a filter: a release is granted where the sum of all
 * granted ones, itself included, stays within the limit (Rogers, Roth, Ullman, Vadhan, NeurIPS 2016: valid
 * for adaptively chosen releases). Exact rationals, so 0.1 fits ten times into 1 and not eleven times.
 * The decision depends on public parameters only; a refusal consumes nothing.
 *
 * @example
 * const budget = new PrivacyBudget('1');
 * budget.tryReserve('0.7'); // { decision: 'granted', ... }
 * budget.tryReserve('0.4'); // { decision: 'refused', ... }: 0.3 are left
 */
import { addRational, compareRational, subtractRational, ZERO, type Rational } from '../math/rational.js';
import { quantity, type Quantity } from './quantity.js';

export type BudgetDecision =
  | { readonly decision: 'granted'; readonly spent: Rational; readonly left: Rational }
  | { readonly decision: 'refused'; readonly asked: Rational; readonly spent: Rational; readonly left: Rational };

export class PrivacyBudget {
  readonly limit: Rational;
  #spent: Rational;

  /**
   * `spent` is what earlier runs consumed; it may exceed a limit that was lowered since. Throws `invalid_argument` for
   * anything but exact numbers.
   */
  constructor(limit: Quantity, spent: Quantity = ZERO) {
    this.limit = quantity(limit, 'the limit');
    this.#spent = quantity(spent, 'what is spent');
  }

  get spent(): Rational {
    return this.#spent;
  }

  /** Never negative. */
  get left(): Rational {
    return compareRational(this.#spent, this.limit) >= 0 ? ZERO : subtractRational(this.limit, this.#spent);
  }

  /** Whether `tryReserve` would grant this much. Throws `invalid_argument` for anything but an exact number. */
  fits(asked: Quantity): boolean {
    return compareRational(addRational(this.#spent, quantity(asked, 'what is asked')), this.limit) <= 0;
  }

  /** Consumes `asked` where it fits, nothing otherwise. Throws like `fits`. */
  tryReserve(asked: Quantity): BudgetDecision {
    const amount = quantity(asked, 'what is asked');
    if (!this.fits(amount)) return { decision: 'refused', asked: amount, spent: this.#spent, left: this.left };
    this.#spent = addRational(this.#spent, amount);
    return { decision: 'granted', spent: this.#spent, left: this.left };
  }
}
