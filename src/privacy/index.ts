/** Exact noise and exact budgets: the differential privacy core, usable on its own. */
export { LifetimeOdometer } from './accountant/lifetime-odometer.js';
export { PrivacyAccountant, type EpsilonReport } from './accountant/privacy-accountant.js';
export {
  approximateRelease,
  concentratedRelease,
  noisedRelease,
  type ApproximateRelease,
  type ConcentratedRelease,
  type NoisedRelease,
  type RecordedRelease,
} from './accountant/recorded-release.js';
export { bernoulli, bernoulliExp, type Flip } from './bernoulli.js';
export {
  calibrate,
  gaussianFor,
  gaussianOfRho,
  laplaceFor,
  MECHANISM,
  scaleFor,
  type Calibration,
  type CalibrationRequest,
} from './calibration.js';
export { coinsFrom, type Coins } from './coins.js';
export { ContinualCounter, type ContinualCounterOptions } from './continual/continual-counter.js';
export { decodeTotal, decodingCoefficients, totalStddevs } from './continual/decode-totals.js';
export { squaredSensitivity, squareRootCoefficients } from './continual/square-root-coefficients.js';
export { describeNoise, noiseLaw, type NoiseDescription } from './describe-noise.js';
export {
  DifferentialPrivacy,
  type DifferentialPrivacyOptions,
  type Refusal,
  type Released,
} from './differential-privacy.js';
export { sampleDiscreteGaussian } from './discrete-gaussian.js';
export { sampleDiscreteLaplace } from './discrete-laplace.js';
export {
  discreteGaussian,
  discreteLaplace,
  formatMechanism,
  sampleNoise,
  type DiscreteGaussian,
  type DiscreteLaplace,
  type Mechanism,
  type Noise,
} from './mechanism.js';
export type { NoiseLaw, NoiseServers } from './noise-law.js';
export { NoisePool } from './noise-pool.js';
export { SlidingFilter, TumblingFilter, type WindowSpending } from './period-filters.js';
export { PrivacyBudget, type BudgetDecision } from './privacy-budget.js';
export {
  addCosts,
  approximateCost,
  concentratedCost,
  mechanismCost,
  NO_COST,
  pureCost,
  type PrivacyCost,
} from './privacy-cost.js';
export { amountOf, approximateLimit, concentratedLimit, nothingOf, pureLimit, type Amount } from './privacy-amount.js';
export { PrivacyFilter, reserveTogether, type FilterDecision, type Granted, type Refused } from './privacy-filter.js';
export {
  sensitivityOf,
  type EventUnit,
  type PrivacyUnit,
  type Sensitivity,
  type UserPeriodUnit,
} from './privacy-unit.js';
export type { Quantity } from './quantity.js';
export { cumulate, quantileOf, type NoisedBuckets, type Quantile } from './quantiles/bucket-quantile.js';
export { isotonicRegression } from './quantiles/isotonic-regression.js';
export { SecureBits } from './secure-bits.js';
export { OptimalSelection } from './selection/optimal-selection.js';
export { selectionThreshold, type ThresholdOptions } from './selection/selection-threshold.js';
export type { UniformSource } from './uniform-source.js';
export { deltaOfRho, epsilonOfRho, maxRho } from './zcdp-conversion.js';
