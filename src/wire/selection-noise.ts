/**
 * Which keys of an open label may be published: those whose noised number of subjects reaches a threshold. Both
 * servers take the noise from here.
 *
 * Why it is private. Let a subject count under at most L keys, once each, in every one of P processes that do not
 * share their contribution store. Keys that others have as well: the noised counts of all keys are P times
 * (epsilon, 0), which the plan's cost says, and the choice is made of them alone. Keys that nobody else has: there
 * are at most P L of them with a count of at most P, and each is selected only where the noise alone makes up the
 * rest to the threshold, with probability delta / (P L) at most, so delta bounds all of them together.
 * The law is that of the noise in the value: with two servers, of the sum of both.
 */
import { rational, type Rational } from '../math/rational.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import type { Plan } from '../plan/plan.js';
import { selectionDelta, selectionEpsilon } from '../plan/plan-cost.js';
import { laplaceFor } from '../privacy/calibration.js';
import type { DiscreteLaplace } from '../privacy/mechanism.js';
import type { NoiseServers } from '../privacy/noise-law.js';
import { mechanismCost, type PrivacyCost } from '../privacy/privacy-cost.js';
import { selectionThreshold } from '../privacy/selection/selection-threshold.js';

/** In every count of subjects: scale L / epsilon. The report must have an open label. */
export function selectionNoise({ report, openLabel }: CompiledReport): DiscreteLaplace {
  const keys = BigInt(openLabel?.keysPerSubject ?? 1);
  return laplaceFor({ l1: keys, l2Squared: keys }, selectionEpsilon(report));
}

/** Of the selection of a period: pure but for the chance that a key of one subject alone is selected. */
export function selectionCost({ plan }: CompiledPlan, report: CompiledReport): PrivacyCost {
  return costOfSelection(choiceOf(plan, report));
}

/** What a selection is made by, as the ledger has it as well. */
export interface KeyChoice {
  readonly noise: DiscreteLaplace;
  /** How many draws are in a count. */
  readonly servers: NoiseServers;
  readonly keysPerSubject: number;
  readonly processes: number;
  /** Chance that any key of one subject alone is selected. */
  readonly delta: Rational;
}

/** As `selectionCost`. Throws `invalid_argument` for noise of scale 0. */
export function costOfSelection({ noise, keysPerSubject, processes: count, delta }: KeyChoice): PrivacyCost {
  const processes = BigInt(count);
  const keys = BigInt(keysPerSubject);
  const { epsilon } = mechanismCost(noise, { l1: processes * keys, l2Squared: keys });
  const { numerator: t, denominator: d } = noise.scale;
  const rho = rational(processes * processes * keys * d * d, 2n * t * t);
  return { epsilon, rho, delta };
}

/** A key is selected where its noised count of subjects is at least this. The report must have an open label. */
export function keyThreshold({ plan }: CompiledPlan, report: CompiledReport): bigint {
  return leastThreshold(choiceOf(plan, report));
}

/** As `keyThreshold`. Throws `invalid_argument` for a delta of 0. */
export function leastThreshold({ noise, servers, keysPerSubject, processes, delta }: KeyChoice): bigint {
  return selectionThreshold({
    noise,
    servers,
    delta,
    labels: processes * keysPerSubject,
    bound: BigInt(processes),
  });
}

/** How many servers add noise to a count of subjects. */
export function selectionServers({ noise }: Plan['privacy']): NoiseServers {
  return noise === 'both' ? 2 : 1;
}

function choiceOf(plan: Plan, report: CompiledReport): KeyChoice {
  return {
    noise: selectionNoise(report),
    servers: selectionServers(plan.privacy),
    keysPerSubject: report.openLabel?.keysPerSubject ?? 1,
    processes: plan.privacy.bounds?.processes ?? 1,
    delta: selectionDelta(plan),
  };
}
