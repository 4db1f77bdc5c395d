/**
 * The key holder's own limits, from its own configuration: whatever a signed plan declares, no domain spends
 * more than this in a period and no release costs more than that.
 */
import { TelemetryKitError } from '../errors.js';
import { compareRational, formatRational, parseRational, type Rational } from '../math/rational.js';
import type { CompiledPlan } from '../plan/compile.js';
import { releaseEpsilon } from '../plan/slots.js';

/** Decimal strings such as "20" or "0.5". */
export interface CeilingOptions {
  /** Most epsilon a domain may spend in one budget period. */
  readonly epsilonPerPeriod: string;
  /** Most epsilon one release may cost; a plan that asks for more is refused at start. */
  readonly epsilonPerRelease: string;
}

export interface Ceilings {
  readonly epsilonPerPeriod: Rational;
  readonly epsilonPerRelease: Rational;
}

/** Throws `invalid_configuration` unless both are positive decimal strings. */
export function parseCeilings(options: CeilingOptions): Ceilings {
  return {
    epsilonPerPeriod: parsePositive(options.epsilonPerPeriod, 'epsilonPerPeriod'),
    epsilonPerRelease: parsePositive(options.epsilonPerRelease, 'epsilonPerRelease'),
  };
}

/** The smaller of what the plan declares and what the key holder allows. */
export function periodLimit(plan: CompiledPlan, { epsilonPerPeriod }: Ceilings): Rational {
  const declared = parseRational(plan.plan.privacy.epsilon);
  return compareRational(declared, epsilonPerPeriod) < 0 ? declared : epsilonPerPeriod;
}

/** Throws `invalid_configuration` naming the first measurement that costs more than a release may. */
export function assertWithinCeiling(plan: CompiledPlan, { epsilonPerRelease }: Ceilings): void {
  for (const { report } of plan.reports) {
    for (const measurement of report.measurements) {
      const cost = releaseEpsilon(measurement);
      if (compareRational(cost, epsilonPerRelease) <= 0) continue;
      const epsilon = formatRational(cost);
      throw invalid(
        `plan ${plan.plan.name}: ${report.name}.${measurement.name} costs epsilon ${epsilon}, more than the key holder allows`,
        'lower it in the plan, or raise ceilings.epsilonPerRelease at the key holder',
      );
    }
  }
}

function parsePositive(text: string, name: string): Rational {
  try {
    const value = parseRational(text);
    if (value.numerator > 0n) return value;
  } catch (cause) {
    throw invalid(`ceilings.${name} is not a decimal string`, 'write digits in quotes, for example "20"', cause);
  }
  throw invalid(`ceilings.${name} is 0`, 'allow a positive epsilon, or do not run a key holder');
}

function invalid(message: string, fix: string, cause?: unknown): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', message, { fix, cause });
}
