/**
 * Which labels of an open set may be shown: those whose noised count of units reaches a threshold. A label that one
 * unit alone brings is shown with probability delta at most, because then the noise alone would have to reach it.
 *
 * Reference: Korolova, Kenthapadi, Mishra, Ntoulas (WWW 2009); with integer noise as in the published value, so that
 * one draw serves value and decision.
 */
import { assertArgument } from '../../errors.js';
import { approximate } from '../../math/rational.js';
import { noiseLaw, smallestInteger } from '../describe-noise.js';
import type { Noise } from '../mechanism.js';
import type { NoiseServers } from '../noise-law.js';
import { positiveDeltaOf, positiveInteger, type Quantity } from '../quantity.js';

export interface ThresholdOptions {
  /** The noise in the published count of units, calibrated to `labels` labels of `bound` each. */
  readonly noise: Noise;
  readonly servers: NoiseServers;
  /** Chance that any label of a single unit is shown. */
  readonly delta: Quantity;
  /** Labels that one unit may bring in a period, by default 1. */
  readonly labels?: number;
  /** What one unit adds to a label's count of units, by default 1. */
  readonly bound?: bigint;
}

/** The law says tails to this relative accuracy. */
const MARGIN = 1e-9;

/**
 * bound + the smallest m with P[noise >= m] <= delta / labels. Publish a label iff its noised count of units is at
 * least this. Throws `invalid_argument`.
 */
export function selectionThreshold({ noise, servers, delta, labels = 1, bound = 1n }: ThresholdOptions): bigint {
  const valid = Number.isSafeInteger(labels) && labels >= 1;
  assertArgument(valid, 'the number of labels of one unit is not a whole number', 'pass 1 or more');
  const chance = (approximate(positiveDeltaOf(delta)) / labels) * (1 - MARGIN);
  const { tail } = noiseLaw(noise, servers);
  // P[noise >= m] = P[noise > m - 1]; m = 0 has probability above one half, so the search starts at 1.
  const least = smallestInteger((excess) => tail(excess) <= chance) + 1;
  return positiveInteger(bound, 'the bound of a count of units') + BigInt(least);
}
