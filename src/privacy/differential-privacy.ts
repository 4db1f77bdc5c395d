/**
 * The front door for those who want a noised number and no plan: a sensitivity and an epsilon in, exact noise out.
 * Integers stay integers. Real values are put on a grid first, and become doubles again when their noise is final.
 */
import { assertArgument } from '../errors.js';
import { rational, type Rational } from '../math/rational.js';
import { systemRandom, type RandomBytes } from '../random.js';
import { calibrate, gaussianOfRho, laplaceFor, type Calibration } from './calibration.js';
import { coinsFrom, type Coins } from './coins.js';
import { describeNoise, type NoiseDescription } from './describe-noise.js';
import { Grid } from './grid.js';
import { sampleNoise, type Mechanism } from './mechanism.js';
import { pureEpsilon } from './privacy-amount.js';
import { PrivacyBudget, type BudgetDecision } from './privacy-budget.js';
import { concentratedCost, type PrivacyCost } from './privacy-cost.js';
import type { PrivacyFilter, Refused } from './privacy-filter.js';
import { cellsOf, sensitivityOf, type Sensitivity } from './privacy-unit.js';
import { epsilonOf, positive, type Quantity } from './quantity.js';
import { SecureBits } from './secure-bits.js';
import { maxRho } from './zcdp-conversion.js';

export interface DifferentialPrivacyOptions {
  /** Most that one unit, a person or an event, changes one value by: "1" for a count. */
  readonly sensitivity: Quantity;
  /** For everything that one unit changes: values that belong together share it. */
  readonly epsilon: Quantity;
  /** Allows Gaussian noise, which is taken where it is smaller. */
  readonly delta?: Quantity;
  /** Most values released together that one unit changes, by default 1: 1 for the counts of a histogram. */
  readonly values?: number;
  /** By default the system's generator. */
  readonly random?: RandomBytes;
}

/** What was asked, spent and left, as the budget says it. */
export type Refusal = Refused | Extract<BudgetDecision, { decision: 'refused' }>;

export type Released<Value> = { readonly decision: 'granted'; readonly value: Value } | Refusal;

/**
 * @example
 * const privacy = new DifferentialPrivacy({ sensitivity: '1', epsilon: '0.5' });
 * privacy.addNoise(1234n); // an integer near 1234
 * privacy.describe(); // { stddev: 2.8, halfWidth95: 6 }
 *
 * @example
 * const budget = new PrivacyBudget('1');
 * const salaries = new DifferentialPrivacy({ sensitivity: '1000', epsilon: '0.5' });
 * salaries.releaseReal(48_211.5, budget); // { decision: 'granted', value: 49876.2 }
 *
 * @example
 * // Up to 24 of these counts are of one person.
 * const hours = new DifferentialPrivacy({ sensitivity: '1', epsilon: '1', delta: '1e-6', values: 24 });
 * hours.releaseAll(counts, new PrivacyFilter(approximateLimit('1', '1e-6')));
 */
export class DifferentialPrivacy {
  /** What one release costs, of one value or of all values together: to be reserved from a budget. */
  readonly cost: PrivacyCost;
  readonly noise: Mechanism['kind'];
  /** `undefined` where the sensitivity is not a whole number. */
  readonly #integers: Mechanism | undefined;
  readonly #grid: Grid;
  readonly #reals: Mechanism;
  readonly #coins: Coins;

  /** Throws `invalid_argument` for floats, NaN, and anything that is not positive. */
  constructor({ sensitivity, epsilon, delta, values = 1, random = systemRandom }: DifferentialPrivacyOptions) {
    const [bound, loss] = [positive(sensitivity, 'the sensitivity'), epsilonOf(epsilon)];
    const unit = { kind: 'user-period', cells: values } as const;
    this.#grid = new Grid(quotient(bound, loss, cellsOf(unit)));
    const steps = this.#grid.stepsWithin(bound);
    const chosen = calibrate({ unit, bound: steps, epsilon: loss, ...(delta === undefined ? {} : { delta }) });
    const noise = noiseLike(chosen, loss, delta);
    this.noise = chosen.mechanism.kind;
    this.cost = noise.cost;
    this.#reals = chosen.mechanism;
    this.#integers = bound.denominator === 1n ? noise.hiding(sensitivityOf(unit, bound.numerator)) : undefined;
    this.#coins = coinsFrom(new SecureBits(random));
  }

  /**
   * An exact draw added to an integer. Throws `invalid_argument` where the sensitivity is not a whole number, and
   * `randomness` where the generator fails.
   */
  addNoise(value: bigint): bigint {
    assertArgument(typeof value === 'bigint', 'not an integer', 'pass a bigint, or use addNoiseToReal');
    return value + sampleNoise(this.#coins, this.#integerMechanism());
  }

  /**
   * The same for a real value: rounded to a grid, noised as an integer, and converted last. The grid is finer than the
   * noise by a factor of a million. Throws `invalid_argument` for NaN and infinities, and `randomness`.
   */
  addNoiseToReal(value: number): number {
    return this.#grid.valueOf(this.#grid.snap(value) + sampleNoise(this.#coins, this.#reals));
  }

  /** `addNoise` where the budget grants the cost; a refusal consumes nothing and draws nothing. */
  release(value: bigint, budget: PrivacyBudget | PrivacyFilter): Released<bigint> {
    const mechanism = this.#integerMechanism();
    return this.#charged(budget, () => value + sampleNoise(this.#coins, mechanism));
  }

  /** Any number of integers, of which one unit changes no more than `values`: charged once for all. */
  releaseAll(values: readonly bigint[], budget: PrivacyBudget | PrivacyFilter): Released<bigint[]> {
    const mechanism = this.#integerMechanism();
    return this.#charged(budget, () => values.map((value) => value + sampleNoise(this.#coins, mechanism)));
  }

  /** `addNoiseToReal` where the budget grants the cost. */
  releaseReal(value: number, budget: PrivacyBudget | PrivacyFilter): Released<number> {
    return this.#charged(budget, () => this.addNoiseToReal(value));
  }

  /** Any number of real values, of which one unit changes no more than `values`: charged once for all. */
  releaseAllReal(values: readonly number[], budget: PrivacyBudget | PrivacyFilter): Released<number[]> {
    return this.#charged(budget, () => values.map((value) => this.addNoiseToReal(value)));
  }

  /** Standard deviation and 95 % half width of the noise, in the unit of the values. */
  describe(): NoiseDescription {
    if (this.#integers !== undefined) return describeNoise(this.#integers, 1);
    const { stddev, halfWidth95 } = describeNoise(this.#reals, 1);
    const step = this.#grid.valueOf(1n);
    return { stddev: stddev * step, halfWidth95: halfWidth95 * step };
  }

  /** Throws `invalid_argument` for Gaussian noise and a budget of pure epsilon, before anything is consumed. */
  #charged<Value>(budget: PrivacyBudget | PrivacyFilter, noised: () => Value): Released<Value> {
    const { cost } = this;
    const decision = budget instanceof PrivacyBudget ? budget.tryReserve(pureEpsilon(cost)) : budget.tryReserve(cost);
    return decision.decision === 'refused' ? decision : { decision: 'granted', value: noised() };
  }

  #integerMechanism(): Mechanism {
    const fix = 'use addNoiseToReal, or declare the sensitivity as a whole number';
    assertArgument(this.#integers !== undefined, 'integers of a sensitivity that is not a whole number', fix);
    return this.#integers;
  }
}

/** values * sensitivity / epsilon: the scale of Laplace noise, whichever noise is taken. */
function quotient(sensitivity: Rational, epsilon: Rational, values: bigint): Rational {
  return rational(values * sensitivity.numerator * epsilon.denominator, sensitivity.denominator * epsilon.numerator);
}

interface DeclaredNoise {
  readonly cost: PrivacyCost;
  readonly hiding: (sensitivity: Sensitivity) => Mechanism;
}

/** Of the kind that was chosen, for any sensitivity. What is charged of Gaussian noise is what was declared. */
function noiseLike({ mechanism, cost }: Calibration, epsilon: Rational, delta: Quantity | undefined): DeclaredNoise {
  if (mechanism.kind === 'discrete-laplace' || delta === undefined) {
    return { cost, hiding: (sensitivity) => laplaceFor(sensitivity, epsilon) };
  }
  const rho = maxRho(epsilon, delta);
  return { cost: concentratedCost(rho), hiding: ({ l2Squared }) => gaussianOfRho(l2Squared, rho) };
}
