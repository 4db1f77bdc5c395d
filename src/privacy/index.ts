/** Exact noise and exact budgets: the differential privacy core, usable on its own. */
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
export { describeNoise, noiseLaw, type NoiseDescription } from './describe-noise.js';
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
export { SecureBits } from './secure-bits.js';
export type { UniformSource } from './uniform-source.js';
export { deltaOfRho, epsilonOfRho, maxRho } from './zcdp-conversion.js';
