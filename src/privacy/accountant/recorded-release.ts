/** What an accountant is told about releases: how much each can lose, and how many there were. */
import { assertArgument } from '../../errors.js';
import { roundedUp } from '../../math/doubles.js';
import { approximate, formatRational, multiplyRational, rational, type Rational } from '../../math/rational.js';
import { formatMechanism, type Mechanism } from '../mechanism.js';
import { approximateCost, concentratedCost, mechanismCost, type PrivacyCost } from '../privacy-cost.js';
import { deltaOf, epsilonOf, positiveInteger, positiveSum, type Quantity } from '../quantity.js';

/** Integers with noise of their own, each changed by one unit by at most `sensitivity`. */
export interface NoisedRelease {
  readonly kind: 'noised';
  readonly mechanism: Mechanism;
  readonly sensitivity: bigint;
  readonly times: number;
}

/** Releases of which only (epsilon, delta) is known, such as the selection of labels. */
export interface ApproximateRelease {
  readonly kind: 'approximate';
  readonly epsilon: Rational;
  readonly delta: Rational;
  readonly times: number;
}

/** Releases of which only rho is known, such as a whole continual counter. */
export interface ConcentratedRelease {
  readonly kind: 'concentrated';
  readonly rho: Rational;
  readonly times: number;
}

export type RecordedRelease = NoisedRelease | ApproximateRelease | ConcentratedRelease;

const MAX_TIMES = 1e9;

/** Throws `invalid_argument`. */
export function noisedRelease(mechanism: Mechanism, sensitivity: bigint, times = 1): NoisedRelease {
  const checked = positiveInteger(sensitivity, 'the sensitivity');
  return { kind: 'noised', mechanism, sensitivity: checked, times: timesOf(times) };
}

/** Throws `invalid_argument`. */
export function approximateRelease(epsilon: Quantity, delta: Quantity, times = 1): ApproximateRelease {
  return { kind: 'approximate', epsilon: epsilonOf(epsilon), delta: deltaOf(delta), times: timesOf(times) };
}

/** Throws `invalid_argument`. */
export function concentratedRelease(rho: Quantity, times = 1): ConcentratedRelease {
  return { kind: 'concentrated', rho: positiveSum(rho, 'rho'), times: timesOf(times) };
}

/** Releases of one key differ in `times` only. */
export function keyOf(release: RecordedRelease): string {
  switch (release.kind) {
    case 'noised':
      return `${formatMechanism(release.mechanism)} ${String(release.sensitivity)}`;
    case 'approximate':
      return `approximate ${formatRational(release.epsilon)} ${formatRational(release.delta)}`;
    case 'concentrated':
      return `concentrated ${formatRational(release.rho)}`;
  }
}

/** Of one of them. */
export function costOfOne(release: RecordedRelease): PrivacyCost {
  switch (release.kind) {
    case 'noised': {
      const { mechanism, sensitivity } = release;
      return mechanismCost(mechanism, { l1: sensitivity, l2Squared: sensitivity * sensitivity });
    }
    case 'approximate':
      return approximateCost(release.epsilon, release.delta);
    case 'concentrated':
      return concentratedCost(release.rho);
  }
}

/**
 * The same releases as a group of `members` units sees them: a multiple of the sensitivity where it is known, else
 * group privacy (g epsilon, delta (e^(g epsilon) - 1)/(e^epsilon - 1)) and g^2 rho. Throws `invalid_argument` where
 * nothing is left of the guarantee.
 */
export function forGroup(release: RecordedRelease, members: number): RecordedRelease {
  assertArgument(Number.isSafeInteger(members) && members >= 1, 'not a group', 'pass a whole number of members');
  const size = rational(BigInt(members), 1n);
  switch (release.kind) {
    case 'noised':
      return noisedRelease(release.mechanism, release.sensitivity * size.numerator, release.times);
    case 'approximate': {
      const [epsilon, delta] = [approximate(release.epsilon), approximate(release.delta)];
      const grown = delta * (Math.expm1(members * epsilon) / Math.expm1(epsilon)) * (1 + 1e-12);
      const groupDelta = delta === 0 ? release.delta : roundedUp(Math.min(grown, 1));
      return approximateRelease(multiplyRational(release.epsilon, size), groupDelta, release.times);
    }
    case 'concentrated':
      return concentratedRelease(multiplyRational(release.rho, multiplyRational(size, size)), release.times);
  }
}

function timesOf(times: number): number {
  const valid = Number.isSafeInteger(times) && times >= 1 && times <= MAX_TIMES;
  assertArgument(valid, 'not a number of releases', 'pass a whole number from 1 to a billion');
  return times;
}
