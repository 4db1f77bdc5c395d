/**
 * What a budget counts. `epsilon`: sums of epsilon and of delta (basic composition, which holds for releases that
 * are chosen after looking at earlier ones: Rogers, Roth, Ullman, Vadhan, NeurIPS 2016). `rho`: sums of rho and of
 * delta for approximate zCDP (Feldman, Zrnic, arXiv 2008.11193; Whitehouse et al., arXiv 2203.05481).
 * All sums are exact; what does not fit is seen by public parameters alone.
 */
import { addRational, compareRational, subtractRational, ZERO, type Rational } from '../math/rational.js';
import type { PrivacyCost } from '../privacy/privacy-cost.js';
import type { BudgetMeasure } from '../wire/release.js';

/** Most of the measure, and most of delta beside it. */
export interface Limit {
  readonly measure: BudgetMeasure;
  readonly most: Rational;
  readonly delta: Rational;
}

/** Amounts of one measure; `undefined` where something in it has no epsilon, which is more than any limit. */
export interface Amount {
  readonly value: Rational | undefined;
  readonly delta: Rational;
}

export const NOTHING: Amount = { value: ZERO, delta: ZERO };

export function amountIn(measure: BudgetMeasure, { epsilon, rho, delta }: PrivacyCost): Amount {
  return { value: measure === 'epsilon' ? epsilon : rho, delta };
}

export function addAmounts(a: Amount, b: Amount): Amount {
  const value = a.value === undefined || b.value === undefined ? undefined : addRational(a.value, b.value);
  return { value, delta: addRational(a.delta, b.delta) };
}

/** The larger of each part. */
export function greatestOf(a: Amount, b: Amount): Amount {
  const value = a.value === undefined || b.value === undefined ? undefined : larger(a.value, b.value);
  return { value, delta: larger(a.delta, b.delta) };
}

export function fits({ most, delta }: Limit, spent: Amount, asked: Amount): boolean {
  const total = addAmounts(spent, asked);
  return (
    total.value !== undefined && compareRational(total.value, most) <= 0 && compareRational(total.delta, delta) <= 0
  );
}

/** What is left of the measure; never negative. */
export function leftOf({ most }: Limit, { value }: Amount): Rational {
  return value === undefined || compareRational(value, most) >= 0 ? ZERO : subtractRational(most, value);
}

function larger(a: Rational, b: Rational): Rational {
  return compareRational(a, b) < 0 ? b : a;
}
