/** Exact noise and exact budgets: the differential privacy core, usable on its own. */
export { bernoulli, bernoulliExp, type Flip } from './bernoulli.js';
export { MECHANISM, scaleFor } from './calibration.js';
export { coinsFrom, type Coins } from './coins.js';
export { sampleDiscreteLaplace } from './discrete-laplace.js';
export { describeNoise, type NoiseDescription, type NoiseServers } from './noise-law.js';
export { NoisePool } from './noise-pool.js';
export { PrivacyBudget, type BudgetDecision } from './privacy-budget.js';
export { SecureBits } from './secure-bits.js';
export type { UniformSource } from './uniform-source.js';
