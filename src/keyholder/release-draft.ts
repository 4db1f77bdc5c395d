/** What the ledger records of a release, but for the decision: which noise protects it, and who pays. */
import { formatRational } from '../math/rational.js';
import { mechanismParameter, type Mechanism } from '../privacy/mechanism.js';
import { slotsChangedBySpan } from '../wire/release-noise.js';
import type { ReservedBody } from './ledger-entry.js';
import type { ReservedDraft } from './ledger-state.js';
import { shareOf } from './release-kind.js';
import type { AdmittedCell, AdmittedSelection, AdmittedWindow } from './release-policy.js';

/** `at`: Unix seconds. */
export function draftOf(
  { terms }: AdmittedWindow,
  admitted: AdmittedCell | AdmittedSelection,
  payment: ReservedBody['payment'],
  at: number,
): ReservedDraft {
  const { privacy } = terms.plan.plan;
  const { identity, releaseId, aggregateDigest } = admitted;
  return {
    state: 'RESERVED',
    at,
    releaseId,
    cell: { ...identity, labels: [...identity.labels], kids: [...identity.kids] },
    aggregateDigest,
    domain: privacy.domain,
    unit: privacy.unit,
    period: privacy.period,
    share: shareOf(identity.kind),
    mechanism: privacy.mechanism ?? 'discrete-laplace',
    ...('keys' in admitted ? selectionParameters(admitted) : cellParameters(admitted)),
    payment,
  };
}

type Parameters = Pick<ReservedDraft, 'noise' | 'changes' | 'selection'>;

function cellParameters({ measurement, terms }: AdmittedCell): Parameters {
  const bounds = measurement.slotDetails.map(({ bound }) => bound);
  return {
    noise: terms.noise.map((mechanism, slot) => describeNoise(mechanism, bounds[slot] ?? 0n)),
    changes: slotsChangedBySpan(measurement.measurement),
  };
}

function selectionParameters({ terms }: AdmittedSelection): Parameters {
  const { noise, threshold, keysPerSubject, servers } = terms;
  return {
    noise: [describeNoise(noise, 1n)],
    changes: 'one',
    selection: { keysPerSubject, threshold: String(threshold), servers },
  };
}

function describeNoise(mechanism: Mechanism, bound: bigint): ReservedDraft['noise'][number] {
  return { parameter: formatRational(mechanismParameter(mechanism)), bound: String(bound) };
}
