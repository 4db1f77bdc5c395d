/**
 * The classical composition theorems, for comparison: each release is taken as (epsilon_i, delta_i) and nothing more is
 * used of it. Noise that is only concentrated gets an epsilon_i at an equal share of the delta that is left.
 */
import { exactDouble, roundedDown } from '../../math/doubles.js';
import { approximate, type Rational } from '../../math/rational.js';
import { epsilonOfRho } from '../zcdp-conversion.js';
import { composeTwo } from './compose-losses.js';
import { epsilonOfLoss, NO_LOSS } from './loss-distribution.js';
import { costOfOne, type RecordedRelease } from './recorded-release.js';
import { responseLoss } from './response-loss.js';

interface Part {
  readonly epsilon: Rational;
  readonly delta: number;
  readonly times: number;
}

const MARGIN = 1e-10;

/** Sum of epsilon_i, with all of delta for the delta_i. Infinite where delta is too small for the releases. */
export function basicEpsilon(releases: readonly RecordedRelease[], delta: number): number {
  const parts = partsOf(releases, delta);
  if (parts === undefined) return Infinity;
  return parts.reduce((sum, { epsilon, times }) => sum + times * approximate(epsilon), 0) * (1 + MARGIN);
}

/** Dwork, Rothblum, Vadhan (FOCS 2010): sum of e_i (exp(e_i) - 1), and sqrt(2 ln(1/d) sum of e_i^2). */
export function advancedEpsilon(releases: readonly RecordedRelease[], delta: number): number {
  const parts = partsOf(releases, forConversion(releases, delta));
  const left = delta - spentBy(parts);
  if (parts === undefined || left <= 0) return Infinity;
  let [drift, squares] = [0, 0];
  for (const { epsilon: exact, times } of parts) {
    const epsilon = approximate(exact);
    drift += times * epsilon * Math.expm1(epsilon);
    squares += times * epsilon * epsilon;
  }
  return (drift + Math.sqrt(-2 * Math.log(left) * squares)) * (1 + MARGIN);
}

/** The optimum over all mechanisms with these (epsilon_i, delta_i): Kairouz, Oh, Viswanath (arXiv 1311.0776). */
export function optimalEpsilon(releases: readonly RecordedRelease[], delta: number): number {
  const parts = partsOf(releases, forConversion(releases, delta));
  if (parts === undefined) return Infinity;
  const losses = parts.map((part) => responseLoss(part.epsilon, exactDouble(part.delta), part.times));
  return Math.min(epsilonOfLoss(losses.reduce(composeTwo, NO_LOSS), delta), basicEpsilon(releases, delta));
}

/** Half of delta where some releases need a share of it, the other half for the theorem; else nothing. */
function forConversion(releases: readonly RecordedRelease[], delta: number): number {
  const own = ownDelta(releases);
  return releases.some(isConcentrated) ? own + (delta - own) / 2 : own;
}

/** `undefined` where the releases that bring a delta of their own exceed this one, or leave nothing for the others. */
function partsOf(releases: readonly RecordedRelease[], delta: number): Part[] | undefined {
  const left = delta - ownDelta(releases);
  const sharers = releases.filter(isConcentrated).reduce((sum, { times }) => sum + times, 0);
  if (left < 0 || (left === 0 && sharers > 0)) return undefined;
  const share = sharers === 0 ? 0 : left / sharers;
  return releases.map((release) => {
    const { times } = release;
    const { epsilon, rho, delta: own } = costOfOne(release);
    if (release.kind === 'approximate') return { epsilon: release.epsilon, delta: approximate(own), times };
    if (epsilon !== undefined) return { epsilon, delta: 0, times };
    return { epsilon: epsilonOfRho(rho, roundedDown(share)), delta: share, times };
  });
}

function isConcentrated(release: RecordedRelease): boolean {
  return release.kind === 'concentrated' || (release.kind === 'noised' && costOfOne(release).epsilon === undefined);
}

function ownDelta(releases: readonly RecordedRelease[]): number {
  return releases.reduce((sum, release) => sum + release.times * approximate(costOfOne(release).delta), 0);
}

function spentBy(parts: readonly Part[] | undefined): number {
  return parts?.reduce((sum, { delta, times }) => sum + delta * times, 0) ?? 0;
}
