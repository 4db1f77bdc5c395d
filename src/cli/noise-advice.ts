/** Whether the other noise would be smaller: Laplace grows with all that one unit adds, Gaussian with its length. */
import type { CompiledPlan } from '../plan/compile.js';
import type { MechanismName, Plan } from '../plan/plan.js';
import { describeNoise } from '../privacy/index.js';
import { noiseOf } from '../wire/release-noise.js';
import { deltaOfPlan } from './guarantee.js';

/** A sentence with both figures, for the first measurement that is released by windows; `undefined` without one, or a choice. */
export function noiseAdvice({ plan, reports }: CompiledPlan): string | undefined {
  const measurement = reports
    .flatMap((report) => report.measurements)
    .find(({ measurement: { release } }) => release !== 'total');
  // Gaussian noise spends the delta that the keys of open labels are selected with.
  if (measurement === undefined || reports.some(({ openLabel }) => openLabel !== undefined)) return undefined;
  const stddevUnder = (each: Plan): number =>
    Math.max(...noiseOf(each, measurement).map((noise) => describeNoise(noise, 1).stddev));
  const present = plan.privacy.mechanism ?? 'discrete-laplace';
  const other: MechanismName = present === 'discrete-laplace' ? 'discrete-gaussian' : 'discrete-laplace';
  const changed = { ...plan, privacy: { ...plan.privacy, mechanism: other, delta: deltaOfPlan(plan) } };
  const [own, alternative] = [stddevUnder(plan), stddevUnder(changed)];
  const delta = other === 'discrete-gaussian' ? ` with delta ${deltaOfPlan(plan)}` : ', which needs no delta,';
  const verdict = alternative < own ? 'less: consider it' : 'no less';
  return `${present} noise of one server has standard deviation ${shown(own)}; ${other}${delta} would have ${shown(alternative)}, ${verdict}`;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
