/**
 * What all periods together have cost, for ever: reported and not enforced. Sums are exact and small, so that a ledger
 * of years fits into three numbers. No finite epsilon holds for all time; this says how far it has come.
 */
import { assertArgument } from '../../errors.js';
import { approximate, compareRational, subtractRational } from '../../math/rational.js';
import { addCosts, NO_COST, type PrivacyCost } from '../privacy-cost.js';
import { positiveDeltaOf, type Quantity } from '../quantity.js';
import { epsilonOfRho } from '../zcdp-conversion.js';

export class LifetimeOdometer {
  #cost: PrivacyCost;
  #periods: number;

  /** `earlier`: what runs before this one recorded. */
  constructor(earlier: { readonly periods: number; readonly cost: PrivacyCost } = { periods: 0, cost: NO_COST }) {
    const valid = Number.isSafeInteger(earlier.periods) && earlier.periods >= 0;
    assertArgument(valid, 'not a number of periods', 'pass a whole number');
    this.#periods = earlier.periods;
    this.#cost = earlier.cost;
  }

  /** Periods recorded. */
  get periods(): number {
    return this.#periods;
  }

  /** Sums of epsilon (where every period was pure), rho and delta. */
  get cost(): PrivacyCost {
    return this.#cost;
  }

  /** Adds what one period cost. */
  record(cost: PrivacyCost): void {
    this.#cost = addCosts(this.#cost, cost);
    this.#periods += 1;
  }

  /**
   * Epsilon of everything so far at this delta: the sum of epsilons where there is one, or the conversion of rho,
   * whichever is less. `Infinity` where the periods' own deltas exceed it. Throws `invalid_argument` unless
   * 0 < delta < 1.
   */
  epsilonAt(delta: Quantity): number {
    const target = positiveDeltaOf(delta);
    const { epsilon, rho, delta: spent } = this.#cost;
    if (rho.numerator === 0n) return 0;
    const pure = epsilon === undefined ? Infinity : approximate(epsilon);
    if (compareRational(target, spent) <= 0) return pure;
    return Math.min(pure, approximate(epsilonOfRho(rho, subtractRational(target, spent))));
  }
}
