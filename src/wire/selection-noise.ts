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
import { rational } from '../math/rational.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { selectionDelta, selectionEpsilon } from '../plan/plan-cost.js';
import { laplaceFor } from '../privacy/calibration.js';
import type { DiscreteLaplace } from '../privacy/mechanism.js';
import { mechanismCost, type PrivacyCost } from '../privacy/privacy-cost.js';
import { selectionThreshold } from '../privacy/selection/selection-threshold.js';

/** In every count of subjects: scale L / epsilon. The report must have an open label. */
export function selectionNoise({ report, openLabel }: CompiledReport): DiscreteLaplace {
  const keys = BigInt(openLabel?.keysPerSubject ?? 1);
  return laplaceFor({ l1: keys, l2Squared: keys }, selectionEpsilon(report));
}

/** Of the selection of a period: pure but for the chance that a key of one subject alone is selected. */
export function selectionCost({ plan }: CompiledPlan, report: CompiledReport): PrivacyCost {
  const processes = BigInt(plan.privacy.bounds?.processes ?? 1);
  const keys = BigInt(report.openLabel?.keysPerSubject ?? 1);
  const noise = selectionNoise(report);
  const { epsilon } = mechanismCost(noise, { l1: processes * keys, l2Squared: keys });
  const { numerator: t, denominator: d } = noise.scale;
  const rho = rational(processes * processes * keys * d * d, 2n * t * t);
  return { epsilon, rho, delta: selectionDelta(plan) };
}

/** A key is selected where its noised count of subjects is at least this. The report must have an open label. */
export function keyThreshold({ plan }: CompiledPlan, report: CompiledReport): bigint {
  const processes = plan.privacy.bounds?.processes ?? 1;
  return selectionThreshold({
    noise: selectionNoise(report),
    servers: plan.privacy.noise === 'both' ? 2 : 1,
    delta: selectionDelta(plan),
    labels: processes * (report.openLabel?.keysPerSubject ?? 1),
    bound: BigInt(processes),
  });
}
