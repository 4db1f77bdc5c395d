/**
 * The key holder's own limits, from its own configuration: whatever a signed plan declares, no domain spends
 * more than this in a period, no release costs more than that, and no domain has a budget that is not listed.
 */
import { TelemetryKitError } from '../errors.js';
import { compareRational, formatRational, parseRational, ZERO, type Rational } from '../math/rational.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { PERIODS, type Period } from '../plan/plan.js';
import { releaseLoss } from '../wire/release-noise.js';
import { selectionCost } from '../wire/selection-noise.js';

/** Epsilons are decimal strings such as "20" or "0.5". */
export interface CeilingOptions {
  /** Most epsilon a domain may spend in one `period`, over all of its plans and whatever periods those declare. */
  readonly epsilonPerPeriod: string;
  readonly period: Period;
  /** Most epsilon one release may cost; a plan that asks for more is refused at start. */
  readonly epsilonPerRelease: string;
  /** Largest delta that a plan may declare; default "0": only plans whose noise needs none. */
  readonly deltaPerPeriod?: string | undefined;
}

export interface Ceilings {
  readonly epsilonPerPeriod: Rational;
  readonly period: Period;
  readonly epsilonPerRelease: Rational;
  readonly deltaPerPeriod: Rational;
}

/** Throws `invalid_configuration` unless both epsilons are positive decimal strings and the period is one. */
export function parseCeilings(options: CeilingOptions): Ceilings {
  if (!PERIODS.includes(options.period)) {
    throw invalid('ceilings.period is not a budget period', `choose one of ${PERIODS.join(', ')}`);
  }
  return {
    epsilonPerPeriod: parsePositive(options.epsilonPerPeriod, 'epsilonPerPeriod'),
    period: options.period,
    epsilonPerRelease: parsePositive(options.epsilonPerRelease, 'epsilonPerRelease'),
    deltaPerPeriod: parseDecimal(options.deltaPerPeriod ?? '0', 'deltaPerPeriod'),
  };
}

/** Throws `invalid_configuration` for a plan whose domain, and so whose budget, nobody here allowed. */
export function assertDomainAllowed({ plan: { name, privacy } }: CompiledPlan, domains: readonly string[]): void {
  if (domains.includes(privacy.domain)) return;
  throw invalid(
    `plan ${name} is of domain ${privacy.domain}, which would have a budget of its own and is not allowed here`,
    `keep the domain of those who are measured (${domains.join(', ')}), or add this one to domains at the key holder`,
  );
}

/** Throws `invalid_configuration` naming the first measurement that costs more than a release may, or the delta. */
export function assertWithinCeiling(compiled: CompiledPlan, { epsilonPerRelease, deltaPerPeriod }: Ceilings): void {
  const { plan } = compiled;
  const { delta = '0' } = plan.privacy;
  if (compareRational(parseRational(delta), deltaPerPeriod) > 0) {
    throw invalid(
      `plan ${plan.name} declares delta ${delta}, more than the key holder allows`,
      'lower it in the plan, or raise ceilings.deltaPerPeriod at the key holder',
    );
  }
  for (const { name, cost } of lossesOf(compiled)) {
    if (compareRational(cost, epsilonPerRelease) <= 0) continue;
    throw invalid(
      `plan ${plan.name}: ${name} costs epsilon ${formatRational(cost)}, more than the key holder allows`,
      'lower it in the plan, or raise ceilings.epsilonPerRelease at the key holder',
    );
  }
}

/** The least `epsilonPerRelease` under which a plan may run. */
export function largestLoss(compiled: CompiledPlan): Rational {
  return lossesOf(compiled).reduce<Rational>((most, { cost }) => (compareRational(cost, most) > 0 ? cost : most), ZERO);
}

interface Loss {
  readonly name: string;
  readonly cost: Rational;
}

/** Of every measurement, and of the selection of every open label's keys. */
function lossesOf(compiled: CompiledPlan): Loss[] {
  return compiled.reports.flatMap((report) => lossesOfReport(compiled, report));
}

function lossesOfReport(compiled: CompiledPlan, report: CompiledReport): Loss[] {
  const { name } = report.report;
  const losses = report.measurements.map((measurement) => ({
    name: `${name}.${measurement.measurement.name}`,
    cost: releaseLoss(compiled.plan, measurement),
  }));
  if (report.openLabel === undefined) return losses;
  const { epsilon } = selectionCost(compiled, report);
  return [...losses, { name: `the selection of ${name}`, cost: epsilon ?? ZERO }];
}

function parsePositive(text: string, name: string): Rational {
  const value = parseDecimal(text, name);
  if (value.numerator > 0n) return value;
  throw invalid(`ceilings.${name} is 0`, 'allow a positive epsilon, or do not run a key holder');
}

function parseDecimal(text: string, name: string): Rational {
  try {
    return parseRational(text);
  } catch (cause) {
    throw invalid(`ceilings.${name} is not a decimal string`, 'write digits in quotes, for example "20"', cause);
  }
}

function invalid(message: string, fix: string, cause?: unknown): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', message, { fix, cause });
}
