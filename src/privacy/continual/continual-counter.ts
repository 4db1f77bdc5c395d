/** A period-to-date counter as one piece: coefficients, noise, cost, decoding and standard deviations. */
import { rational, type Rational } from '../../math/rational.js';
import { gaussianOfRho } from '../calibration.js';
import { noiseLaw } from '../describe-noise.js';
import type { DiscreteGaussian } from '../mechanism.js';
import type { NoiseServers } from '../noise-law.js';
import { concentratedCost, type PrivacyCost } from '../privacy-cost.js';
import { positiveInteger } from '../quantity.js';
import { decodeTotal, decodingCoefficients, totalStddevs } from './decode-totals.js';
import { DEFAULT_SCALE_BITS, squaredSensitivity, squareRootCoefficients } from './square-root-coefficients.js';

export interface ContinualCounterOptions {
  /** Windows of a period, all released in order. */
  readonly windows: number;
  /** What all of them together may cost. */
  readonly rho: Rational;
  /** Largest absolute value that one unit adds in one window. */
  readonly bound: bigint;
  /** Windows that one unit may add to in a period, by default 1. */
  readonly touches?: number;
  /** Least distance between two of them, by default 1: they may be neighbours. */
  readonly separation?: number;
  /** By default 8. */
  readonly scaleBits?: number;
}

/**
 * Releases of a period are one adaptive sequence of cost `cost`: windows may be looked at as they come. Restarted with
 * every period.
 */
export class ContinualCounter {
  /** c~_0, c~_1, ...: what is released in window t is sum of c~_k x_(t - k), with one noise. */
  readonly coefficients: readonly bigint[];
  /** Of the noise in every released integer, from each server that adds one. */
  readonly mechanism: DiscreteGaussian;
  readonly cost: PrivacyCost;
  readonly #decoding: readonly number[];

  /** Throws `invalid_argument`. */
  constructor(options: ContinualCounterOptions) {
    const { windows, rho, touches = 1, separation = 1, scaleBits = DEFAULT_SCALE_BITS } = options;
    const bound = positiveInteger(options.bound, 'the bound of a window');
    this.coefficients = squareRootCoefficients(windows, scaleBits);
    const squared = squaredSensitivity(this.coefficients, touches, separation) * bound * bound;
    this.mechanism = gaussianOfRho(squared, rho);
    const { numerator, denominator } = this.mechanism.variance;
    this.cost = concentratedCost(rational(squared * denominator, 2n * numerator));
    this.#decoding = decodingCoefficients(this.coefficients);
  }

  /** The total after the newest of the released integers, which start with the period's first window. */
  total(released: readonly bigint[]): number {
    return decodeTotal(this.#decoding, released);
  }

  /** Of the total after every window. */
  stddevs(servers: NoiseServers): number[] {
    return totalStddevs(this.#decoding, noiseLaw(this.mechanism, servers).variance);
  }
}
