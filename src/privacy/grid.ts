/**
 * Real values on a grid of powers of two, so that noise can be an exact integer. The grid depends on public parameters
 * only: one that depended on the value would give it away. A value moves by half a step at most, two values of distance
 * D end up at most ceil(D / step) + 1 steps apart.
 *
 * Noise added to a double loses its guarantee by rounding: Mironov (CCS 2012); Haney, Desfontaines, Hartman, Shrestha,
 * Hay (arXiv 2207.13793).
 */
import { bitLength } from '../bytes.js';
import { assertArgument } from '../errors.js';
import { dyadic, toSignedDouble } from '../math/doubles.js';
import { ceilRational, rational, type Rational } from '../math/rational.js';

/** Steps of the grid in one unit of noise: the sensitivity grows by less than one part in 2^20 times epsilon. */
const STEPS_BITS = 20;

export class Grid {
  /** The step is 2^exponent. */
  readonly #exponent: number;

  /** `noiseSize`: about the scale of the noise, from public parameters. */
  constructor(noiseSize: Rational) {
    this.#exponent = bitLength(noiseSize.numerator) - bitLength(noiseSize.denominator) - 1 - STEPS_BITS;
  }

  /** Most steps that two values of this distance end up apart. */
  stepsWithin(distance: Rational): bigint {
    return ceilRational(this.#inSteps(distance)) + 1n;
  }

  /** The nearest grid point, halves up. Throws `invalid_argument` for NaN and infinities. */
  snap(value: number): bigint {
    assertArgument(Number.isFinite(value), 'not a finite number', 'clamp values before noise is added');
    const { coefficient, exponent } = dyadic(value);
    const shift = BigInt(exponent - this.#exponent);
    if (shift >= 0n) return coefficient << shift;
    return ((coefficient >> (-shift - 1n)) + 1n) >> 1n;
  }

  /** The double nearest to a grid point: to be taken once the noise is in it. */
  valueOf(steps: bigint): number {
    return this.#exponent >= 0
      ? toSignedDouble(steps << BigInt(this.#exponent), 1n)
      : toSignedDouble(steps, 1n << BigInt(-this.#exponent));
  }

  #inSteps({ numerator, denominator }: Rational): Rational {
    return this.#exponent >= 0
      ? rational(numerator, denominator << BigInt(this.#exponent))
      : rational(numerator << BigInt(-this.#exponent), denominator);
  }
}
