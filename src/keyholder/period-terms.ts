/**
 * What a plan's releases cost that are paid for together, once a budget period. The reservation that pays for them
 * goes on over a plan change that leaves these terms as they are, such as one of keys; other terms are another
 * reservation. The plan's name and the reports' are part of them because subjects' visits are counted by those; the
 * length of windows is where there are totals, because their noise is calibrated to visits in windows of one length.
 *
 * Terms, label `telemetry-kit/v1/period-terms`: plan name | privacy section (RFC 8785 canonical JSON) |
 *   per report: name | number of streams | per measurement that is paid per period, then for an open label: stream |
 *   epsilon | rho | delta
 *   Streams are words with a space between: `windows` and the measurement's position; `total`, its position and the
 *   seconds of a window; `selection` and the keys per subject
 * Reservation id, label `telemetry-kit/v1/reservation-id`: domain | plan name | period | period start (u64) | terms (32)
 */
import canonicalize from 'canonicalize';
import { fromBase64Url, toBase64Url, utf8ToBytes } from '../bytes.js';
import { hashFramed, u64 } from '../framing.js';
import { formatRational } from '../math/rational.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { isPaidPerPeriod } from '../plan/plan-cost.js';
import type { Period, Plan } from '../plan/plan.js';
import { addCosts, NO_COST, type PrivacyCost } from '../privacy/privacy-cost.js';
import { releaseCost } from '../wire/release-noise.js';
import { selectionCost } from '../wire/selection-noise.js';
import type { ReleaseKind } from './release-kind.js';

/** What is paid once a period: the releases of a measurement, or the selection of an open label's keys. */
interface PaidPart {
  readonly kind: ReleaseKind;
  /** Position in the report; 0 for a selection. */
  readonly measurement: number;
  readonly cost: PrivacyCost;
}

/** Of one plan; the same for every period. */
export interface PeriodTerms {
  /** 32 bytes, base64url. */
  readonly hash: string;
  /** Of one period, all reports together. */
  readonly cost: PrivacyCost;
  /** By report, in the plan's order. */
  readonly reports: readonly (readonly PaidPart[])[];
}

/** A part with what else sets it apart, in words. */
interface PaidStreamTerms {
  readonly stream: string;
  readonly part: PaidPart;
}

/** `undefined` where every release of the plan pays for itself. */
export function periodTermsOf(compiled: CompiledPlan): PeriodTerms | undefined {
  const { plan, reports } = compiled;
  const paid = compiled.reports.map((report) => streamsOf(compiled, report));
  if (paid.every((costs) => costs.length === 0)) return undefined;
  const items = paid.flatMap((costs, index) => [
    utf8ToBytes(reports[index]?.report.name ?? ''),
    u64(costs.length),
    ...costs.flatMap(({ stream, part: { cost } }) => [stream, ...describeCost(cost)].map(utf8ToBytes)),
  ]);
  const head = [plan.name, canonicalize(plan.privacy) ?? ''].map(utf8ToBytes);
  const parts = paid.map((streams) => streams.map(({ part }) => part));
  return {
    hash: toBase64Url(hashFramed('telemetry-kit/v1/period-terms', [...head, ...items])),
    cost: parts
      .flat()
      .map(({ cost }) => cost)
      .reduce(addCosts, NO_COST),
    reports: parts,
  };
}

/** 32 bytes, base64url. */
export function reservationIdOf(of: {
  readonly domain: string;
  readonly plan: string;
  readonly period: Period;
  readonly periodStart: number;
  readonly terms: string;
}): string {
  const { domain, plan, period, periodStart, terms } = of;
  const names = [domain, plan, period].map(utf8ToBytes);
  const items = [...names, u64(periodStart), fromBase64Url(terms) ?? utf8ToBytes(terms)];
  return toBase64Url(hashFramed('telemetry-kit/v1/reservation-id', items));
}

function streamsOf(compiled: CompiledPlan, report: CompiledReport): PaidStreamTerms[] {
  const { plan } = compiled;
  const measured = report.measurements.flatMap((each, position) =>
    isPaidPerPeriod(plan.privacy, each.measurement) ? measuredStream(plan, each, position) : [],
  );
  if (report.openLabel === undefined) return measured;
  const stream = `selection ${String(report.openLabel.keysPerSubject)}`;
  return [...measured, { stream, part: { kind: 'selection', measurement: 0, cost: selectionCost(compiled, report) } }];
}

function measuredStream(plan: Plan, compiled: CompiledMeasurement, position: number): PaidStreamTerms {
  const cost = releaseCost(plan, compiled);
  return compiled.measurement.release === 'total'
    ? {
        stream: `total ${String(position)} ${String(plan.window.seconds)}`,
        part: { kind: 'total', measurement: position, cost },
      }
    : { stream: `windows ${String(position)}`, part: { kind: 'window', measurement: position, cost } };
}

function describeCost({ epsilon, rho, delta }: PrivacyCost): string[] {
  return [epsilon === undefined ? '' : formatRational(epsilon), formatRational(rho), formatRational(delta)];
}
