/**
 * What one release costs, as exact rationals. Two measures are kept side by side: pure epsilon where there is one,
 * and rho of (rho, delta)-approximate zero-concentrated differential privacy (Bun, Steinke, arXiv 1605.02065).
 */
import { addRational, multiplyRational, rational, ZERO, type Rational } from '../math/rational.js';
import type { Mechanism } from './mechanism.js';
import type { Sensitivity } from './privacy-unit.js';
import { deltaOf, epsilonOf, positiveInteger, positiveSum, type Quantity } from './quantity.js';

export interface PrivacyCost {
  /** `undefined` where no pure guarantee exists: Gaussian noise, or a chance delta of failure. */
  readonly epsilon: Rational | undefined;
  readonly rho: Rational;
  readonly delta: Rational;
}

/** Costs nothing. */
export const NO_COST: PrivacyCost = { epsilon: ZERO, rho: ZERO, delta: ZERO };

/**
 * Noise on integers that one unit changes by `l1` in total and by a vector of squared length `l2Squared`. Discrete
 * Laplace: epsilon = l1 / scale, and rho = l2Squared / (2 scale^2), the sum over the integers of what each one's epsilon
 * is worth. Discrete Gaussian: rho = l2Squared / (2 variance). Throws `invalid_argument`.
 */
export function mechanismCost(mechanism: Mechanism, sensitivity: Sensitivity): PrivacyCost {
  const l1 = positiveInteger(sensitivity.l1, 'the sensitivity');
  const l2Squared = positiveInteger(sensitivity.l2Squared, 'the squared sensitivity');
  if (mechanism.kind === 'discrete-gaussian') {
    const { numerator, denominator } = mechanism.variance;
    return concentratedCost(rational(l2Squared * denominator, 2n * numerator));
  }
  const { numerator, denominator } = mechanism.scale;
  const rho = rational(l2Squared * denominator * denominator, 2n * numerator * numerator);
  return { epsilon: epsilonOf(rational(l1 * denominator, numerator)), rho, delta: ZERO };
}

/** An (epsilon, 0) release; its rho is epsilon^2 / 2 (Bun, Steinke, proposition 1.4). */
export function pureCost(epsilon: Quantity): PrivacyCost {
  const exact = epsilonOf(epsilon);
  return { epsilon: exact, rho: rhoOfPure(exact), delta: ZERO };
}

/** An (epsilon, delta) release: with probability 1 - delta as good as a pure one. */
export function approximateCost(epsilon: Quantity, delta: Quantity): PrivacyCost {
  const chance = deltaOf(delta);
  const pure = pureCost(epsilon);
  return chance.numerator === 0n ? pure : { epsilon: undefined, rho: pure.rho, delta: chance };
}

/** A rho-zCDP release. */
export function concentratedCost(rho: Quantity): PrivacyCost {
  return { epsilon: undefined, rho: positiveSum(rho, 'rho'), delta: ZERO };
}

/** Sequential composition. */
export function addCosts(a: PrivacyCost, b: PrivacyCost): PrivacyCost {
  return {
    epsilon: a.epsilon === undefined || b.epsilon === undefined ? undefined : addRational(a.epsilon, b.epsilon),
    rho: addRational(a.rho, b.rho),
    delta: addRational(a.delta, b.delta),
  };
}

function rhoOfPure(epsilon: Rational): Rational {
  return multiplyRational(multiplyRational(epsilon, epsilon), rational(1n, 2n));
}
