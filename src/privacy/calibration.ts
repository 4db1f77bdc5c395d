/**
 * From a declared guarantee to noise. Laplace noise grows with the sum of a unit's changes and gives pure epsilon;
 * Gaussian noise grows with their Euclidean length and needs a delta. Which one is smaller depends on the number of
 * cells that one unit can touch.
 */
import { assertArgument } from '../errors.js';
import { ceilRational, rational, type Rational } from '../math/rational.js';
import { describeNoise } from './describe-noise.js';
import {
  discreteGaussian,
  discreteLaplace,
  type DiscreteGaussian,
  type DiscreteLaplace,
  type Mechanism,
} from './mechanism.js';
import { mechanismCost, type PrivacyCost } from './privacy-cost.js';
import { cellsOf, sensitivityOf, type PrivacyUnit, type Sensitivity } from './privacy-unit.js';
import { epsilonOf, type Quantity } from './quantity.js';
import { maxRho } from './zcdp-conversion.js';

/** The mechanism of every release of a plan whose unit is the event, as ledgers and published series name it. */
export const MECHANISM = 'discrete-laplace';

/** A variance is rounded up to so many parts, so that rho is a small fraction. */
const VARIANCE_PARTS = 1000n;

/**
 * Scale t = sensitivity / epsilon of the discrete Laplace noise that makes an integer query of this L1
 * sensitivity (epsilon, 0)-differentially private. Throws `invalid_argument` unless both are positive.
 */
export function scaleFor(sensitivity: bigint, epsilon: Rational): Rational {
  assertArgument(sensitivity > 0n, 'the sensitivity is not positive', 'pass 1 or more');
  assertArgument(epsilon.numerator > 0n, 'epsilon is not positive', 'declare a positive epsilon');
  return rational(sensitivity * epsilon.denominator, epsilon.numerator);
}

/** (epsilon, 0). Throws `invalid_argument`. */
export function laplaceFor({ l1 }: Sensitivity, epsilon: Quantity): DiscreteLaplace {
  return discreteLaplace(scaleFor(l1, epsilonOf(epsilon)));
}

/** (epsilon, delta) by way of rho, which is what a filter charges. Throws `invalid_argument`. */
export function gaussianFor({ l2Squared }: Sensitivity, epsilon: Quantity, delta: Quantity): DiscreteGaussian {
  return gaussianOfRho(l2Squared, maxRho(epsilon, delta));
}

/** sigma^2 = l2Squared / (2 rho), rounded up. Throws `invalid_argument`. */
export function gaussianOfRho(l2Squared: bigint, rho: Rational): DiscreteGaussian {
  assertArgument(l2Squared > 0n && rho.numerator > 0n, 'sensitivity or rho is not positive', 'pass positive values');
  return discreteGaussian(roundedUpToParts(rational(l2Squared * rho.denominator, 2n * rho.numerator)));
}

export interface CalibrationRequest {
  readonly unit: PrivacyUnit;
  /** Largest absolute value that one unit adds to one cell. */
  readonly bound: bigint;
  /** Of everything one unit contributes, over all its cells. */
  readonly epsilon: Quantity;
  /** Without one, only Laplace noise is possible. */
  readonly delta?: Quantity;
}

export interface Calibration {
  readonly mechanism: Mechanism;
  readonly sensitivity: Sensitivity;
  /** Of all cells of one unit together. */
  readonly cost: PrivacyCost;
  /** Of one noise in one cell. */
  readonly stddev: number;
  /** The other noise, where a delta allowed it. */
  readonly alternative: { readonly mechanism: Mechanism; readonly stddev: number } | undefined;
  /** One sentence with the numbers. */
  readonly why: string;
}

/** The noise of smaller standard deviation; Laplace where they are equal. Throws `invalid_argument`. */
export function calibrate({ unit, bound, epsilon, delta }: CalibrationRequest): Calibration {
  const sensitivity = sensitivityOf(unit, bound);
  const laplace = described(laplaceFor(sensitivity, epsilon));
  const gaussian = delta === undefined ? undefined : described(gaussianFor(sensitivity, epsilon, delta));
  const gaussianWins = gaussian !== undefined && gaussian.stddev < laplace.stddev;
  const [chosen, alternative] = gaussianWins ? [gaussian, laplace] : [laplace, gaussian];
  return {
    ...chosen,
    sensitivity,
    cost: mechanismCost(chosen.mechanism, sensitivity),
    alternative,
    why: explanation(cellsOf(unit), chosen, alternative),
  };
}

interface Candidate {
  readonly mechanism: Mechanism;
  readonly stddev: number;
}

function described(mechanism: Mechanism): Candidate {
  return { mechanism, stddev: describeNoise(mechanism, 1).stddev };
}

const NAMES = { 'discrete-laplace': 'Laplace', 'discrete-gaussian': 'Gaussian' } as const;

function explanation(cells: bigint, chosen: Candidate, other: Candidate | undefined): string {
  const own = `${NAMES[chosen.mechanism.kind]} noise of standard deviation ${shown(chosen.stddev)} in every cell`;
  const situation = `one unit adds to at most ${String(cells)} ${cells === 1n ? 'cell' : 'cells'}`;
  if (other === undefined) return `${own}: ${situation}, and without a delta there is no other`;
  return `${own}: ${situation}, where ${NAMES[other.mechanism.kind]} noise would have ${shown(other.stddev)}`;
}

function shown(stddev: number): string {
  return String(Number(stddev.toPrecision(4)));
}

/** The next integer times a power of two that is at most one part in a thousand above. */
function roundedUpToParts({ numerator, denominator }: Rational): Rational {
  let step = 0n;
  while (numerator << step < VARIANCE_PARTS * denominator) step += 1n;
  if (step > 0n) return rational(ceilRational({ numerator: numerator << step, denominator }), 1n << step);
  while (numerator >= 2n * VARIANCE_PARTS * (denominator << step)) step += 1n;
  return rational(ceilRational({ numerator, denominator: denominator << step }) << step, 1n);
}
