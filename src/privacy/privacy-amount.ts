/**
 * Amounts of privacy as filters count them: pure epsilon, or rho and delta of approximate zCDP; and limits made of
 * what people declare.
 */
import { assertArgument } from '../errors.js';
import { compareRational, subtractRational, ZERO, type Rational } from '../math/rational.js';
import type { PrivacyCost } from './privacy-cost.js';
import { deltaOf, epsilonOf, positive, type Quantity } from './quantity.js';
import { maxRho } from './zcdp-conversion.js';

/** Pure epsilon, or rho and delta of approximate zCDP. */
export type Amount =
  | { readonly kind: 'pure'; readonly epsilon: Rational }
  | { readonly kind: 'concentrated'; readonly rho: Rational; readonly delta: Rational };

/** Sum of epsilon up to a limit. Throws `invalid_argument`. */
export function pureLimit(epsilon: Quantity): Amount {
  return { kind: 'pure', epsilon: epsilonOf(epsilon) };
}

/** Sums of rho and delta up to limits of their own. Throws `invalid_argument`. */
export function concentratedLimit(rho: Quantity, delta: Quantity = ZERO): Amount {
  return { kind: 'concentrated', rho: positive(rho, 'rho'), delta: deltaOf(delta) };
}

/**
 * Rho and delta such that everything granted is (epsilon, delta) together. `ofReleases` is the part of delta that
 * releases may bring themselves, by default none; the rest goes into the conversion. Throws `invalid_argument`.
 */
export function approximateLimit(epsilon: Quantity, delta: Quantity, ofReleases: Quantity = ZERO): Amount {
  const [whole, part] = [deltaOf(delta), deltaOf(ofReleases)];
  assertArgument(compareRational(part, whole) < 0, 'no delta is left for the conversion', 'reserve less for releases');
  return concentratedLimit(maxRho(epsilon, subtractRational(whole, part)), part);
}

/** Nothing, in the measure of a limit. */
export function nothingOf(limit: Amount): Amount {
  return limit.kind === 'pure' ? { kind: 'pure', epsilon: ZERO } : { kind: 'concentrated', rho: ZERO, delta: ZERO };
}

/** What a filter of this measure counts of a cost. Throws `invalid_argument` for noise that is not pure in a pure one. */
export function amountOf(cost: PrivacyCost, measure: Amount['kind']): Amount {
  return measure === 'concentrated'
    ? { kind: 'concentrated', rho: cost.rho, delta: cost.delta }
    : { kind: 'pure', epsilon: pureEpsilon(cost) };
}

/** Throws `invalid_argument` for noise that is not pure. */
export function pureEpsilon({ epsilon }: PrivacyCost): Rational {
  const fix = 'use Laplace noise, or a budget of rho and delta';
  assertArgument(epsilon !== undefined, 'a release without pure epsilon in a budget of pure epsilon', fix);
  return epsilon;
}

/** Its parts, each with a limit of its own. */
export function quantitiesOf(amount: Amount): Rational[] {
  return amount.kind === 'pure' ? [amount.epsilon] : [amount.rho, amount.delta];
}

/** Inverse of `quantitiesOf`. */
export function amountFrom(kind: Amount['kind'], [first = ZERO, delta = ZERO]: readonly Rational[]): Amount {
  return kind === 'pure' ? { kind, epsilon: first } : { kind, rho: first, delta };
}
