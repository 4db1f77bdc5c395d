/** What the ledger records of a release, but for the decision: which noise protects it, and who pays. */
import { formatRational } from '../math/rational.js';
import type { Plan } from '../plan/plan.js';
import { mechanismParameter, type Mechanism } from '../privacy/mechanism.js';
import { slotsChangedBySpan } from '../wire/release-noise.js';
import type { ReservedBody } from './ledger-entry.js';
import type { ReservedDraft } from './ledger-state.js';
import type { PlanTerms, SelectionTerms } from './plan-terms.js';
import { shareOf, type ReleaseKind } from './release-kind.js';
import type { AdmittedCell, AdmittedSelection, AdmittedWindow } from './release-policy.js';

/** `at`: Unix seconds. */
export function draftOf(
  { terms }: AdmittedWindow,
  admitted: AdmittedCell | AdmittedSelection,
  payment: ReservedBody['payment'],
  at: number,
): ReservedDraft {
  const { identity, releaseId, aggregateDigest } = admitted;
  return {
    state: 'RESERVED',
    at,
    releaseId,
    cell: { ...identity, labels: [...identity.labels], kids: [...identity.kids] },
    aggregateDigest,
    ...('keys' in admitted ? plannedSelection(terms, admitted.terms) : plannedCell(terms, admitted)),
    payment,
  };
}

/** What the plan alone says about a release. */
export type PlannedRelease = Pick<
  ReservedDraft,
  'domain' | 'unit' | 'period' | 'share' | 'mechanism' | 'noise' | 'changes' | 'selection'
>;

/** Of a window or a running total. */
export function plannedCell(
  { plan }: PlanTerms,
  { measurement, terms }: Pick<AdmittedCell, 'measurement' | 'terms'>,
): PlannedRelease {
  const bounds = measurement.slotDetails.map(({ bound }) => bound);
  return {
    ...plannedPrivacy(plan.plan, measurement.measurement.release === 'total' ? 'total' : 'window'),
    noise: terms.noise.map((mechanism, slot) => describeNoise(mechanism, bounds[slot] ?? 0n)),
    changes: slotsChangedBySpan(measurement.measurement),
  };
}

export function plannedSelection(
  { plan }: PlanTerms,
  { noise, threshold, keysPerSubject, servers }: SelectionTerms,
): PlannedRelease {
  return {
    ...plannedPrivacy(plan.plan, 'selection'),
    noise: [describeNoise(noise, 1n)],
    changes: 'one',
    selection: { keysPerSubject, threshold: String(threshold), servers },
  };
}

function plannedPrivacy(
  { privacy: { domain, unit, period, mechanism = 'discrete-laplace' } }: Plan,
  kind: ReleaseKind,
): Pick<PlannedRelease, 'domain' | 'unit' | 'period' | 'share' | 'mechanism'> {
  return { domain, unit, period, share: shareOf(kind), mechanism };
}

function describeNoise(mechanism: Mechanism, bound: bigint): ReservedDraft['noise'][number] {
  return { parameter: formatRational(mechanismParameter(mechanism)), bound: String(bound) };
}
