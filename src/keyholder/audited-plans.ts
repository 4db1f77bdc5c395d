/**
 * Whether the entries of a ledger are those that signed plans lead to: noise, bounds, units, windows, cells, thresholds,
 * costs, and limits no higher than declared. An entry names its plan by its hash, a reservation by its name and terms;
 * entries of plans that are not given are counted, so that nobody takes them for checked.
 */
import canonicalize from 'canonicalize';
import { compareRational } from '../math/rational.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { declaredBudget, limitsOfShare } from './budget-limits.js';
import { parseLimit, type PeriodLimit } from './ledger-amounts.js';
import type { EntryBody, LimitText, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';
import { planTermsOf, type PlanTerms } from './plan-terms.js';
import { plannedCell, plannedSelection, type PlannedRelease } from './release-draft.js';
import { kidsOfSelection } from './release-id.js';
import { labelsExist } from './release-policy.js';
import { reservationDraft } from './window-reservations.js';

/** Releases and reservations, by whether their plan was given. */
export interface PlanCoverage {
  readonly checked: number;
  readonly unchecked: number;
  /** Hashes of plans that were not given, and names of plans whose reservations no given one makes. */
  readonly missing: readonly string[];
}

export class AuditedPlans {
  readonly #byHash: ReadonlyMap<string, PlanTerms>;
  readonly #byTerms: ReadonlyMap<string, PlanTerms>;
  readonly #missing = new Set<string>();
  #checked = 0;
  #unchecked = 0;

  constructor(plans: readonly CompiledPlan[]) {
    const terms = plans.map((plan) => planTermsOf(plan, declaredBudget(plan.plan)));
    this.#byHash = new Map(terms.map((each) => [each.plan.hashText, each]));
    this.#byTerms = new Map(
      terms.flatMap((each) =>
        each.period === undefined ? [] : [[termsKey(each.plan.plan.name, each.period.hash), each]],
      ),
    );
  }

  get coverage(): PlanCoverage {
    return { checked: this.#checked, unchecked: this.#unchecked, missing: [...this.#missing] };
  }

  /** Takes in the next entry; returns what its plan does not allow. */
  follow(body: EntryBody): string | undefined {
    switch (body.state) {
      case 'RESERVED':
        return this.#check(this.#byHash.get(body.cell.planHash), body.cell.planHash, (terms) =>
          releaseFault(terms, body),
        );
      case 'RESERVED_PERIOD':
        return this.#check(this.#byTerms.get(termsKey(body.plan, body.terms)), body.plan, (terms) =>
          reservationFault(terms, body),
        );
      default:
        return undefined;
    }
  }

  #check(
    terms: PlanTerms | undefined,
    name: string,
    faultOf: (terms: PlanTerms) => string | undefined,
  ): string | undefined {
    if (terms !== undefined) {
      this.#checked += 1;
      return faultOf(terms);
    }
    this.#unchecked += 1;
    this.#missing.add(name);
    return undefined;
  }
}

function releaseFault(terms: PlanTerms, body: ReservedBody): string | undefined {
  const { cell, payment } = body;
  const { plan } = terms.plan;
  const report = terms.plan.reports[cell.report];
  const planned = report && plannedFor(terms, report, body);
  if (report === undefined || planned === undefined) return 'its plan has no such cell';
  if (cell.rangeEnd - cell.rangeStart !== plan.window.seconds || cell.rangeStart % plan.window.seconds !== 0) {
    return 'its plan has no such window';
  }
  if (!cell.kids.every((kid) => plan.keys.includes(kid))) return 'its plan does not name the keys it was sealed under';
  if (!isAsPlanned(planned, body)) return 'its noise, unit or threshold is not that of its plan';
  if (payment.by === 'release') return limitsFault(terms, body.share, payment.limits);
  return payment.plan === plan.name && payment.terms === terms.period?.hash
    ? undefined
    : 'it is not paid for under the terms of its plan';
}

/** `undefined` where the plan releases nothing like it. */
function plannedFor(terms: PlanTerms, report: CompiledReport, { cell }: ReservedBody): PlannedRelease | undefined {
  if (cell.kind === 'selection') {
    const selection = terms.selections.get(report);
    const isOwn = cell.labels.length === 0 && cell.measurement === 0;
    const kids = kidsOfSelection(terms.plan.plan.keys);
    return selection && isOwn && cell.kids.join() === kids.join() ? plannedSelection(terms, selection) : undefined;
  }
  const measurement = report.measurements[cell.measurement];
  const ofMeasurement = measurement && terms.measurements.get(measurement);
  if (measurement === undefined || ofMeasurement === undefined) return undefined;
  const keys = new Set(cell.labels.filter((label) => typeof label === 'string'));
  const kind = measurement.measurement.release === 'total' ? 'total' : 'window';
  const isCell = cell.kind === kind && labelsExist(report, cell.labels, keys);
  return isCell ? plannedCell(terms, { measurement, terms: ofMeasurement }) : undefined;
}

function isAsPlanned(planned: PlannedRelease, body: ReservedBody): boolean {
  const { domain, unit, period, share, mechanism, noise, changes, selection } = body;
  return isSameText({ domain, unit, period, share, mechanism, noise, changes, selection }, planned);
}

function reservationFault(terms: PlanTerms, body: ReservedPeriodBody): string | undefined {
  if (terms.period === undefined) return 'its plan reserves nothing';
  const { at, periodStart, share } = body;
  const planned = reservationDraft(terms, terms.period, { at, periodStart, share });
  const isPlanned =
    planned.reservationId === body.reservationId && share === 'streams' && isSameText(costOf(body), costOf(planned));
  return isPlanned ? limitsFault(terms, share, body.limits) : 'its bounds or costs are not those of its plan';
}

function costOf({ unit, bounds, reports, cost }: Omit<ReservedPeriodBody, 'decision'>): object {
  return { unit, bounds, reports, cost };
}

/** Other plans of the domain, and the key holder's ceiling, may have lowered what the plan declares. */
function limitsFault(
  { budget }: PlanTerms,
  share: ReservedBody['share'],
  limits: readonly LimitText[],
): string | undefined {
  const allowed = limits.map(parseLimit);
  const isKept = limitsOfShare(budget, share).every((declared) => allowed.some((limit) => isWithin(limit, declared)));
  return isKept ? undefined : 'its limits allow more than its plan declares';
}

function isWithin(limit: PeriodLimit, declared: PeriodLimit): boolean {
  return (
    limit.period === declared.period &&
    limit.share === declared.share &&
    limit.measure === declared.measure &&
    isStepOf(limit.slidingStep, declared.slidingStep) &&
    compareRational(limit.most, declared.most) <= 0 &&
    compareRational(limit.delta, declared.delta) <= 0
  );
}

/** Spans of a domain begin as often as the windows of any of its plans. */
function isStepOf(step: number | undefined, declared: number | undefined): boolean {
  return step === undefined || declared === undefined ? step === declared : declared % step === 0;
}

function isSameText(one: object, other: object): boolean {
  return canonicalize(one) === canonicalize(other);
}

/** Names of plans are identifiers without spaces. */
function termsKey(plan: string, terms: string): string {
  return `${plan} ${terms}`;
}
