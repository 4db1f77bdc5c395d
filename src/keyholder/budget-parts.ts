/**
 * The same spending by the other measures, for readers: sums of epsilon, rho and delta, and the epsilon that rho means
 * at the plan's delta. The exact loss of everything together is not among them: computing it takes seconds once a
 * period has thousands of releases, so `telemetry-kit audit verify` does that (audit-epsilon.ts).
 */
import { parseRational, ZERO, type Rational } from '../math/rational.js';
import type { PrivacyCost } from '../privacy/privacy-cost.js';
import { epsilonOfRho } from '../privacy/zcdp-conversion.js';
import type { BudgetMeasure, BudgetPart } from '../wire/release.js';
import type { Limit } from './budget-measure.js';
import { textOfSpent } from './budget-text.js';

/** `limit`: what binds, in `measure`. `delta`: the plan's, a decimal string. */
export function budgetParts(measure: BudgetMeasure, limit: Limit, spent: PrivacyCost, delta: string): BudgetPart[] {
  return measure === 'epsilon'
    ? [
        { measure: 'rho', consumed: textOfSpent(spent.rho) },
        { measure: 'delta', limit: textOfSpent(limit.delta), consumed: textOfSpent(spent.delta) },
      ]
    : [
        ...(spent.epsilon === undefined ? [] : [{ measure: 'epsilon' as const, consumed: textOfSpent(spent.epsilon) }]),
        { measure: 'delta', limit: textOfSpent(parseRational(delta)) },
        {
          measure: 'epsilon_zcdp',
          limit: textOfSpent(epsilonAt(limit.most, delta)),
          consumed: textOfSpent(epsilonAt(spent.rho, delta)),
        },
      ];
}

/** The whole delta goes into the conversion: releases that are counted in rho bring none. */
function epsilonAt(rho: Rational, delta: string): Rational {
  return rho.numerator === 0n ? ZERO : epsilonOfRho(rho, delta);
}
