/** Costs, limits and noise between the program, where they are exact rationals, and the ledger, where they are text. */
import { formatRational, parseRationalFraction } from '../math/rational.js';
import type { Period } from '../plan/plan.js';
import type { Mechanism } from '../privacy/mechanism.js';
import type { PrivacyCost } from '../privacy/privacy-cost.js';
import type { Limit } from './budget-measure.js';
import type { CostText, LimitText } from './ledger-entry.js';
import type { Share } from './release-kind.js';

/** A limit of a domain, in calendar periods or in every span as long as one. */
export interface PeriodLimit extends Limit {
  readonly period: Period;
  /** Of this share of the budget; `undefined`: of the whole. */
  readonly share: Share | undefined;
  /** Seconds between the starts of two spans; `undefined`: calendar periods. */
  readonly slidingStep: number | undefined;
}

export function formatCost({ epsilon, rho, delta }: PrivacyCost): CostText {
  return {
    ...(epsilon === undefined ? {} : { epsilon: formatRational(epsilon) }),
    rho: formatRational(rho),
    delta: formatRational(delta),
  };
}

export function parseCost({ epsilon, rho, delta }: CostText): PrivacyCost {
  return {
    epsilon: epsilon === undefined ? undefined : parseRationalFraction(epsilon),
    rho: parseRationalFraction(rho),
    delta: parseRationalFraction(delta),
  };
}

export function formatLimit({ period, share, slidingStep, measure, most, delta }: PeriodLimit): LimitText {
  return {
    period,
    ...(share === undefined ? {} : { share }),
    ...(slidingStep === undefined ? {} : { slidingStep }),
    measure,
    most: formatRational(most),
    delta: formatRational(delta),
  };
}

export function parseLimit({ period, share, slidingStep, measure, most, delta }: LimitText): PeriodLimit {
  return {
    period,
    share,
    slidingStep,
    measure,
    most: parseRationalFraction(most),
    delta: parseRationalFraction(delta),
  };
}

/** `parameter`: the scale of Laplace noise, or the variance of Gaussian noise. */
export function parseMechanism(kind: Mechanism['kind'], parameter: string): Mechanism {
  const value = parseRationalFraction(parameter);
  return kind === 'discrete-laplace' ? { kind, scale: value } : { kind, variance: value };
}
