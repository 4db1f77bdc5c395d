/**
 * What may be released at all: the checks that come before the ledger is asked. Each depends on public
 * parameters and on the ciphertexts as given, never on what they hold; a refusal charges nothing.
 */
import { toBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import type { PrivateKey } from '../paillier/private-key.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { isOpen } from '../plan/labels.js';
import type { Label, LabelValue } from '../plan/plan.js';
import type { CellAggregate, SelectionRequest, WindowReleaseRequest } from '../wire/release.js';
import { admitted, refused, type Admission } from './admission.js';
import { blindDigest } from './blinded-digest.js';
import { budgetsOf } from './budget-limits.js';
import { assertDomainAllowed, assertWithinCeiling, type Ceilings } from './ceilings.js';
import { HeldKeys, type OpenableAggregate } from './held-keys.js';
import {
  noiseDemandOf,
  planTermsOf,
  type MeasurementTerms,
  type NoiseDemand,
  type PlanTerms,
  type SelectionTerms,
} from './plan-terms.js';
import type { ReleaseKind } from './release-kind.js';
import {
  aggregateDigestOf,
  kidsOfSelection,
  releaseIdOf,
  selectionDigestOf,
  selectionFor,
  sortByKid,
  type CellIdentity,
} from './release-id.js';

/** A window of a known report that is over. */
export interface AdmittedWindow {
  readonly terms: PlanTerms;
  readonly report: CompiledReport;
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** It ended longer ago than anything is released for the first time. */
  readonly isTooOld: boolean;
}

/** A cell that may be released, budget permitting. */
export interface AdmittedCell {
  readonly identity: CellIdentity;
  readonly releaseId: string;
  readonly aggregateDigest: string;
  readonly measurement: CompiledMeasurement;
  readonly terms: MeasurementTerms;
  readonly aggregates: readonly OpenableAggregate[];
}

/** The keys of an open label that were met in a window, which may be selected from, budget permitting. */
export interface AdmittedSelection {
  readonly identity: CellIdentity;
  readonly releaseId: string;
  readonly aggregateDigest: string;
  readonly terms: SelectionTerms;
  readonly keys: readonly { readonly key: string; readonly aggregates: readonly OpenableAggregate[] }[];
}

export interface PolicyOptions {
  readonly privateKeys: readonly PrivateKey[];
  readonly plans: readonly CompiledPlan[];
  readonly ceilings: Ceilings;
  /** The privacy domains that may have a budget here: every plan is of one of them. */
  readonly domains: readonly string[];
  /** A window that ended longer ago is not released for the first time; default 7. */
  readonly maxWindowAgeDays?: number;
}

const DEFAULT_WINDOW_AGE_DAYS = 7;
const DAY_SECONDS = 86_400;

export class ReleasePolicy {
  readonly #keys: HeldKeys;
  readonly #plans: ReadonlyMap<string, PlanTerms>;
  readonly #maxAgeSeconds: number;

  /**
   * Throws `invalid_configuration` for a plan beyond the ceilings, of a domain that is not listed, one none of
   * whose keys is held, one whose windows would be too old by the time they are asked for, and for plans of one
   * domain that count its budget in different ways.
   */
  constructor(options: PolicyOptions) {
    const { privateKeys, plans, ceilings, domains, maxWindowAgeDays = DEFAULT_WINDOW_AGE_DAYS } = options;
    this.#keys = new HeldKeys(privateKeys);
    this.#maxAgeSeconds = DAY_SECONDS * maxWindowAgeDays;
    for (const plan of plans) {
      assertDomainAllowed(plan, domains);
      assertWithinCeiling(plan, ceilings);
      this.#assertAskedInTime(plan);
      this.#keys.assertHeld(plan.plan);
    }
    const budgets = budgetsOf(plans, ceilings);
    this.#plans = new Map(
      plans.flatMap((plan): [string, PlanTerms][] => {
        const budget = budgets.get(plan.plan.privacy.domain);
        return budget === undefined ? [] : [[toBase64Url(plan.hash), planTermsOf(plan, budget)]];
      }),
    );
  }

  /** Per slot of every measurement: its noise and how often one window has it. */
  noiseDemand(): NoiseDemand[] {
    return [...this.#plans.values()].flatMap(noiseDemandOf);
  }

  admitWindow(request: Omit<WindowReleaseRequest, 'cells'>, nowMillis: number): Admission<AdmittedWindow> {
    const { planHash, windowStart: start, windowEnd: end } = request;
    const terms = this.#plans.get(toBase64Url(planHash));
    if (terms === undefined) return refused('unknown_plan');
    const { plan } = terms;
    const report = plan.reports[request.report];
    if (report === undefined) return refused('unknown_cell');
    const { seconds } = plan.plan.window;
    const inRange = start % seconds === 0 && end === start + seconds && nowMillis >= 1000 * end;
    if (!inRange) return refused('range');
    const isTooOld = nowMillis > 1000 * (end + this.#maxAgeSeconds);
    return admitted({ terms, report, start, end, isTooOld });
  }

  /** `published`: values that an open label may have, or none before its keys are selected. */
  admitCell(window: AdmittedWindow, cell: CellAggregate, published: ReadonlySet<string>): Admission<AdmittedCell> {
    const measurement = window.report.measurements[cell.measurement];
    const terms = measurement && window.terms.measurements.get(measurement);
    if (measurement === undefined || terms === undefined) return refused('unknown_cell');
    if (!labelsExist(window.report, cell.labels, published)) return refused('unknown_cell');
    const aggregates = this.#keys.openable(window.terms.plan.plan, cell.aggregates);
    if (!aggregates.admitted) return aggregates;
    const identity = identityOf(window, cell, measurement.measurement.release === 'total' ? 'total' : 'window');
    return admitted({
      identity,
      releaseId: releaseIdOf(identity),
      aggregateDigest: aggregateDigestOf(cell.aggregates),
      measurement,
      terms,
      aggregates: aggregates.value,
    });
  }

  /**
   * All keys must be under the same public keys, as an honest receiver has them. What identifies the selection does not
   * depend on whether there are any.
   */
  admitSelection(window: AdmittedWindow, { keys }: SelectionRequest): Admission<AdmittedSelection> {
    const terms = window.terms.selections.get(window.report);
    if (terms === undefined) return refused('unknown_cell');
    const { plan } = window.terms.plan;
    const [kids = [], ...others] = keys.map(({ aggregates }) => sortByKid(aggregates).map(({ kid }) => kid));
    if (others.some((each) => each.join() !== kids.join())) return refused('unknown_key');
    const openable: AdmittedSelection['keys'][number][] = [];
    for (const { key, aggregates } of keys) {
      const parsed = this.#keys.openable(plan, aggregates);
      if (!parsed.admitted) return parsed;
      openable.push({ key, aggregates: parsed.value });
    }
    const identity = selectionFor(rangeOf(window), kidsOfSelection(plan.keys));
    const releaseId = releaseIdOf(identity);
    return admitted({
      identity,
      releaseId,
      aggregateDigest: blindDigest(this.#keys.firstOf(plan), releaseId, selectionDigestOf(keys)),
      terms,
      keys: openable,
    });
  }

  #assertAskedInTime({ plan: { name, window } }: CompiledPlan): void {
    if (window.graceSeconds + window.lagSeconds < this.#maxAgeSeconds) return;
    throw new TelemetryKitError('invalid_configuration', `plan ${name} asks for windows that are too old by then`, {
      fix: 'shorten graceSeconds and lagSeconds in the plan, or raise maxWindowAgeDays at the key holder',
    });
  }
}

/** Whether a report has a cell of these labels, where its open label has these keys. */
export function labelsExist(
  { labels }: CompiledReport,
  values: readonly LabelValue[],
  published: ReadonlySet<string>,
): boolean {
  const exists = (label: Label, value: LabelValue | undefined): boolean => {
    if (isOpen(label)) return typeof value === 'string' && published.has(value);
    return typeof value === 'number' && label.values[value] !== undefined;
  };
  return values.length === labels.length && labels.every((label, i) => exists(label, values[i]));
}

/** What identifies a window of a report. */
export function rangeOf({
  terms,
  report,
  start,
  end,
}: AdmittedWindow): Pick<CellIdentity, 'planHash' | 'report' | 'rangeStart' | 'rangeEnd'> {
  return { planHash: toBase64Url(terms.plan.hash), report: report.index, rangeStart: start, rangeEnd: end };
}

function identityOf(window: AdmittedWindow, cell: CellAggregate, kind: ReleaseKind): CellIdentity {
  return {
    ...rangeOf(window),
    kind,
    measurement: cell.measurement,
    labels: cell.labels,
    kids: sortByKid(cell.aggregates).map(({ kid }) => kid),
  };
}
