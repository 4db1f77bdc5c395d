/** From a declared privacy loss to a noise scale, exactly. */
import { assertArgument } from '../errors.js';
import { rational, type Rational } from '../math/rational.js';

/** The mechanism of every release, as ledgers and published series name it. */
export const MECHANISM = 'discrete-laplace';

/**
 * Scale t = sensitivity / epsilon of the discrete Laplace noise that makes an integer query of this L1
 * sensitivity (epsilon, 0)-differentially private. Throws `invalid_argument` unless both are positive.
 */
export function scaleFor(sensitivity: bigint, epsilon: Rational): Rational {
  assertArgument(sensitivity > 0n, 'the sensitivity is not positive', 'pass 1 or more');
  assertArgument(epsilon.numerator > 0n, 'epsilon is not positive', 'declare a positive epsilon');
  return rational(sensitivity * epsilon.denominator, epsilon.numerator);
}
