/**
 * What a list of releases costs together, by every method side by side. All are upper bounds; `exact` is what the
 * mechanisms really lose, and the figure to quote. For a plan that is fixed beforehand: while releases are chosen
 * adaptively, a filter decides (privacy-filter.ts), and this only reports.
 */
import {
  approximate,
  compareRational,
  multiplyRational,
  rational,
  subtractRational,
  type Rational,
} from '../../math/rational.js';
import { addCosts, NO_COST, type PrivacyCost } from '../privacy-cost.js';
import { epsilonOf, positiveDeltaOf, type Quantity } from '../quantity.js';
import { deltaOfRho, epsilonOfRho } from '../zcdp-conversion.js';
import { advancedEpsilon, basicEpsilon, optimalEpsilon } from './classical.js';
import { composeTwo } from './compose-losses.js';
import { deltaOfLoss, epsilonOfLoss, NO_LOSS, type LossDistribution } from './loss-distribution.js';
import { lossOf } from './mechanism-loss.js';
import { costOfOne, forGroup, keyOf, type RecordedRelease } from './recorded-release.js';
import { renyiEpsilon } from './renyi.js';

/** Epsilon at one delta; `Infinity` where a method gives no guarantee there. */
export interface EpsilonReport {
  /** The least of all: what may be claimed. */
  readonly epsilon: number;
  /** From the loss distribution; `undefined` where of some release only rho is known. */
  readonly exact: number | undefined;
  /** Whether `exact` is an upper bound, close above, because the lattice of losses was too long to keep. */
  readonly rounded: boolean;
  readonly basic: number;
  readonly advanced: number;
  readonly optimal: number;
  readonly concentrated: number;
  readonly renyi: number;
}

/**
 * @example
 * const accountant = new PrivacyAccountant();
 * accountant.record(noisedRelease(discreteLaplace('100'), 1n, 1440));
 * accountant.report('1e-6'); // { exact: 1.665, basic: 14.4, ... }
 */
export class PrivacyAccountant {
  readonly #releases = new Map<string, RecordedRelease>();
  #loss: LossDistribution | undefined;

  constructor(releases: Iterable<RecordedRelease> = []) {
    for (const release of releases) this.record(release);
  }

  record(release: RecordedRelease): void {
    const key = keyOf(release);
    const times = release.times + (this.#releases.get(key)?.times ?? 0);
    this.#releases.set(key, { ...release, times });
    this.#loss = undefined;
  }

  /** In an order that does not depend on when they were recorded. */
  get releases(): readonly RecordedRelease[] {
    return [...this.#releases.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, release]) => release);
  }

  /** Sums of epsilon (where every release is pure), rho and delta: what filters count. */
  get cost(): PrivacyCost {
    return this.releases.map(costOfAll).reduce(addCosts, NO_COST);
  }

  /** Least epsilon that may be claimed at this delta. Throws `invalid_argument` unless 0 < delta < 1. */
  epsilonAt(delta: Quantity): number {
    return this.report(delta).epsilon;
  }

  /** Least delta that may be claimed at this epsilon. Throws `invalid_argument` unless 0 < epsilon <= 1000. */
  deltaAt(epsilon: Quantity): number {
    const exact = this.#exactLoss();
    const { rho, delta } = this.cost;
    const concentrated = rho.numerator === 0n ? 0 : deltaOfRho(rho, epsilon);
    const known = exact === undefined ? 1 : deltaOfLoss(exact, approximate(epsilonOf(epsilon)));
    return Math.min(1, known, concentrated + approximate(delta));
  }

  /** Throws `invalid_argument` unless 0 < delta < 1. */
  report(delta: Quantity): EpsilonReport {
    const target = approximate(positiveDeltaOf(delta));
    const { releases } = this;
    const loss = this.#exactLoss();
    const methods = {
      basic: basicEpsilon(releases, target),
      advanced: advancedEpsilon(releases, target),
      optimal: optimalEpsilon(releases, target),
      concentrated: concentratedEpsilon(this.cost, positiveDeltaOf(delta)),
      renyi: renyiEpsilon(releases, target),
    };
    const exact = loss === undefined ? undefined : epsilonOfLoss(loss, target);
    return {
      epsilon: Math.min(exact ?? Infinity, ...Object.values(methods)),
      exact,
      rounded: loss?.rounded ?? false,
      ...methods,
    };
  }

  /**
   * The same releases as a group of so many units sees them: a household, or a person behind several devices. Throws
   * `invalid_argument` where nothing is left of the guarantee.
   */
  effectiveFor(members: number): PrivacyAccountant {
    return new PrivacyAccountant(this.releases.map((release) => forGroup(release, members)));
  }

  #exactLoss(): LossDistribution | undefined {
    const known = this.releases.filter((release) => release.kind !== 'concentrated');
    if (known.length < this.#releases.size) return undefined;
    this.#loss ??= known.map(lossOf).reduce(composeTwo, NO_LOSS);
    return this.#loss;
  }
}

function costOfAll(release: RecordedRelease): PrivacyCost {
  const { epsilon, rho, delta } = costOfOne(release);
  const times = rational(BigInt(release.times), 1n);
  return {
    epsilon: epsilon && multiplyRational(epsilon, times),
    rho: multiplyRational(rho, times),
    delta: multiplyRational(delta, times),
  };
}

function concentratedEpsilon({ rho, delta: spent }: PrivacyCost, delta: Rational): number {
  if (rho.numerator === 0n) return 0;
  const enough = compareRational(delta, spent) > 0;
  return enough ? approximate(epsilonOfRho(rho, subtractRational(delta, spent))) : Infinity;
}
