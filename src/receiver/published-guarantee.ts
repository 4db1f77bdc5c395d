/** What protects a published value, in the words of its release information: public parameters, each a string. */
import { formatRational } from '../math/rational.js';
import type { CompiledMeasurement } from '../plan/components.js';
import type { Plan } from '../plan/plan.js';
import type { Mechanism } from '../privacy/index.js';
import { noiseOf, releaseLoss } from '../wire/release-noise.js';

export interface PublishedGuarantee {
  readonly mechanism: Mechanism['kind'];
  /**
   * Privacy loss for one unit, all slots of the measurement together. Unit `event`: of one release. Unit
   * `user-period`: of all releases of a period, over all processes that do not share their contribution store.
   */
  readonly epsilon: string;
  /** Probability with which epsilon may be exceeded. */
  readonly delta: string;
  /** Scales of the noise of one server, or variances where it is Gaussian; "n" or "n/d", each once. */
  readonly noise: string;
}

export function guaranteeOf(plan: Plan, measurement: CompiledMeasurement): PublishedGuarantee {
  const mechanisms = noiseOf(plan, measurement);
  const { mechanism = 'discrete-laplace', delta = '0' } = plan.privacy;
  const parameters = mechanisms.map((noise) =>
    formatRational(noise.kind === 'discrete-laplace' ? noise.scale : noise.variance),
  );
  return {
    mechanism,
    epsilon: formatRational(releaseLoss(plan, measurement)),
    delta: mechanism === 'discrete-gaussian' ? delta : '0',
    noise: [...new Set(parameters)].join(', '),
  };
}
