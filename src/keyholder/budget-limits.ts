/**
 * How much a domain may spend in an hour, a day and a week: for each the least that any of its plans declares for
 * that period, and the key holder's own ceiling. They bind every release of the domain, whichever plan asks: a
 * second plan with another period is no second budget. Where plans divide the budget into shares, each share has
 * limits of its own inside them.
 */
import { TelemetryKitError } from '../errors.js';
import { compareRational, multiplyRational, parseRational, ZERO, type Rational } from '../math/rational.js';
import type { CompiledPlan } from '../plan/compile.js';
import { PERIODS, type Plan, type PlanPrivacy, type PrivacyUnit } from '../plan/plan.js';
import { maxRho } from '../privacy/zcdp-conversion.js';
import { budgetRho } from '../wire/release-noise.js';
import type { BudgetMeasure } from '../wire/release.js';
import type { Limit } from './budget-measure.js';
import type { Ceilings } from './ceilings.js';
import type { PeriodLimit } from './ledger-amounts.js';
import { SHARES, type Share } from './release-kind.js';

export interface DomainBudget {
  readonly unit: PrivacyUnit;
  readonly measure: BudgetMeasure;
  /** Of the whole budget and of every share; from the shortest period to the longest. */
  readonly limits: readonly PeriodLimit[];
}

/** Throws `invalid_configuration` where plans of one domain count in different ways. */
export function budgetsOf(plans: readonly CompiledPlan[], ceilings: Ceilings): ReadonlyMap<string, DomainBudget> {
  const domains = new Set(plans.map(({ plan }) => plan.privacy.domain));
  return new Map(
    [...domains].map((domain) => {
      const own = plans.map(({ plan }) => plan).filter(({ privacy }) => privacy.domain === domain);
      return [domain, budgetOf(domain, own, ceilings)];
    }),
  );
}

/** What one plan declares, whatever others of its domain do, and the key holder's ceiling. */
export function declaredBudget({ privacy, window }: Plan): DomainBudget {
  const limits = strictest(declaredLimits(privacy, window.seconds));
  return { unit: privacy.unit, measure: measureOf(privacy), limits };
}

/** What binds a release that this share pays for. */
export function limitsOfShare({ limits }: DomainBudget, share: Share): PeriodLimit[] {
  return limits.filter((limit) => limit.share === undefined || limit.share === share);
}

/**
 * Gaussian noise has only rho. So has a stream of events where a delta is declared: many small releases cost far less
 * of it. Fixed bounds of subjects gain nothing by it, so Laplace noise for them counts epsilon.
 */
function measureOf({ mechanism, unit, delta = '0' }: PlanPrivacy): BudgetMeasure {
  const gains = unit === 'event' && parseRational(delta).numerator > 0n;
  return mechanism === 'discrete-gaussian' || gains ? 'rho' : 'epsilon';
}

function budgetOf(domain: string, plans: readonly Plan[], ceilings: Ceilings): DomainBudget {
  const all = plans.map(({ privacy }) => privacy);
  const agreed = {
    unit: agreementOn(domain, 'unit', all, ({ unit }) => unit),
    measure: agreementOn(domain, 'mechanism', all, measureOf),
    delta: agreementOn(domain, 'delta', all, ({ delta = '0' }) => delta),
  };
  const step = plans.map(({ window }) => window.seconds).reduce(greatestCommonDivisor);
  const ceiling: PeriodLimit = {
    period: ceilings.period,
    share: undefined,
    slidingStep: undefined,
    ...ceilingLimit(agreed.measure, ceilings, agreed.delta),
  };
  const limits = [...all.flatMap((privacy) => declaredLimits(privacy, step)), ceiling];
  return { ...agreed, limits: strictest(limits) };
}

function agreementOn<Value extends string>(
  domain: string,
  field: string,
  plans: readonly PlanPrivacy[],
  valueOf: (privacy: PlanPrivacy) => Value,
): Value {
  const [first, ...others] = new Set(plans.map(valueOf));
  if (first !== undefined && others.length === 0) return first;
  throw new TelemetryKitError('invalid_configuration', `plans of domain ${domain} differ in privacy.${field}`, {
    fix: `plans of one domain share one budget: let them agree on ${field}, or finish the older plan's windows first`,
  });
}

function declaredLimits(privacy: PlanPrivacy, step: number): PeriodLimit[] {
  const { period, sliding } = privacy;
  const whole = {
    period,
    share: undefined,
    slidingStep: sliding === true ? step : undefined,
    ...declaredLimit(privacy),
  };
  return [whole, ...SHARES.flatMap((share) => shareLimit(privacy, whole, share))];
}

/** Plans that declare no shares leave everything to streams. */
function shareLimit({ shares }: PlanPrivacy, whole: PeriodLimit, share: Share): PeriodLimit[] {
  if (shares === undefined && share === 'streams') return [];
  const part = shares === undefined ? ZERO : parseRational(shares[share]);
  return [{ ...whole, share, most: multiplyRational(whole.most, part) }];
}

/** Under rho, delta goes into the conversion from (epsilon, delta), and releases may bring none. */
function declaredLimit(privacy: PlanPrivacy): Limit {
  const measure = measureOf(privacy);
  return measure === 'rho'
    ? { measure, most: budgetRho(privacy), delta: ZERO }
    : { measure, most: parseRational(privacy.epsilon), delta: parseRational(privacy.delta ?? '0') };
}

function ceilingLimit(measure: BudgetMeasure, { epsilonPerPeriod, deltaPerPeriod }: Ceilings, delta: string): Limit {
  return measure === 'rho'
    ? { measure, most: maxRho(epsilonPerPeriod, delta), delta: ZERO }
    : { measure, most: epsilonPerPeriod, delta: deltaPerPeriod };
}

function strictest(limits: readonly PeriodLimit[]): PeriodLimit[] {
  const least = new Map<string, PeriodLimit>();
  for (const limit of limits) {
    const key = [limit.period, limit.share, limit.slidingStep].join(' ');
    const other = least.get(key) ?? limit;
    least.set(key, { ...limit, most: smaller(limit.most, other.most), delta: smaller(limit.delta, other.delta) });
  }
  return PERIODS.flatMap((period) => [...least.values()].filter((limit) => limit.period === period));
}

function smaller(a: Rational, b: Rational): Rational {
  return compareRational(a, b) < 0 ? a : b;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
