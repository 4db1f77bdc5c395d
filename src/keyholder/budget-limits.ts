/**
 * How much epsilon a domain may spend in an hour, a day and a week: for each the least that any of its plans
 * declares for that period, and the key holder's own ceiling. They bind every release of the domain, whichever
 * plan asks: a second plan with another period is no second budget.
 */
import { compareRational, parseRational, type Rational } from '../math/rational.js';
import type { CompiledPlan } from '../plan/compile.js';
import { PERIODS, type Period } from '../plan/plan.js';
import type { Ceilings } from './ceilings.js';

/** The limit of one period; a domain has one to three, from the shortest period to the longest. */
export interface PeriodLimit {
  readonly period: Period;
  readonly limit: Rational;
}

/** By domain. */
export type BudgetLimits = ReadonlyMap<string, readonly PeriodLimit[]>;

export function limitsOf(plans: readonly CompiledPlan[], ceilings: Ceilings): BudgetLimits {
  const domains = new Set(plans.map(({ plan }) => plan.privacy.domain));
  return new Map([...domains].map((domain) => [domain, limitsOfDomain(domain, plans, ceilings)]));
}

function limitsOfDomain(domain: string, plans: readonly CompiledPlan[], ceilings: Ceilings): PeriodLimit[] {
  const declared = plans
    .filter(({ plan }) => plan.privacy.domain === domain)
    .map(({ plan: { privacy } }) => ({ period: privacy.period, limit: parseRational(privacy.epsilon) }));
  const all = [...declared, { period: ceilings.period, limit: ceilings.epsilonPerPeriod }];
  return PERIODS.flatMap((period) => {
    const limits = all.filter((each) => each.period === period).map(({ limit }) => limit);
    return limits.length === 0 ? [] : [{ period, limit: limits.reduce(smaller) }];
  });
}

function smaller(a: Rational, b: Rational): Rational {
  return compareRational(a, b) < 0 ? a : b;
}
