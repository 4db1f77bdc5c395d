/**
 * The ledger as a table for people: one row per release, reservation, burning and refusal, in the order in which they
 * were decided. What was released is said, not with which values.
 */
import type {
  CostText,
  EntryBody,
  LedgerEntry,
  LimitText,
  ReservedBody,
  ReservedPeriodBody,
  SealedBody,
} from './ledger-entry.js';
import { parseBody } from './ledger-entry.js';
import type { KeptRefusal } from './refusal-log.js';

export const AUDIT_COLUMNS = [
  'sequence',
  'time',
  'what',
  'domain',
  'unit',
  'share',
  'plan',
  'report',
  'measurement',
  'labels',
  'from',
  'to',
  'decision',
  'outcome',
  'epsilon',
  'rho',
  'delta',
  'limits',
  'mechanism',
  'noise',
  'paid by',
  'peer',
] as const;

export type AuditRow = Readonly<Partial<Record<(typeof AUDIT_COLUMNS)[number], string>>>;

/** Reads the entries twice. */
export function* auditRows(entries: () => Iterable<LedgerEntry>, refusals: Iterable<KeptRefusal>): Generator<AuditRow> {
  const outcomes = outcomesIn(entries());
  for (const { sequence, body: text } of entries()) {
    const body = parseBody(text);
    const row = body && rowOf(body, outcomes);
    if (row !== undefined) yield { sequence: String(sequence), ...row };
  }
  for (const refusal of refusals) yield refusalRow(refusal);
}

/** By release id. */
function outcomesIn(entries: Iterable<LedgerEntry>): Map<string, string> {
  const outcomes = new Map<string, string>();
  for (const { body: text } of entries) {
    const body = parseBody(text);
    if (body?.state === 'SEALED') outcomes.set(body.releaseId, describeOutcome(body.outcome));
  }
  return outcomes;
}

function describeOutcome(outcome: SealedBody['outcome']): string {
  return outcome.status === 'suppressed' ? `suppressed: ${outcome.reason}` : outcome.status;
}

function rowOf(body: EntryBody, outcomes: ReadonlyMap<string, string>): AuditRow | undefined {
  switch (body.state) {
    case 'RESERVED':
      return releaseRow(body, outcomes.get(body.releaseId) ?? 'not sealed');
    case 'RESERVED_PERIOD':
      return periodRow(body);
    case 'BURNED':
      return {
        what: 'burned',
        time: time(body.at),
        to: time(body.until),
        outcome: `lost after ${String(body.lastKnown)}`,
      };
    case 'SEALED':
    case 'PUBLISHED':
    case 'SNAPSHOT':
      return undefined;
  }
}

function releaseRow(body: ReservedBody, outcome: string): AuditRow {
  const { cell, payment } = body;
  return {
    what: cell.kind,
    time: time(body.at),
    domain: body.domain,
    unit: body.unit,
    share: body.share,
    plan: cell.planHash,
    report: String(cell.report),
    measurement: String(cell.measurement),
    labels: cell.labels.join(' '),
    from: time(cell.rangeStart),
    to: time(cell.rangeEnd),
    decision: body.decision,
    outcome,
    mechanism: body.mechanism,
    noise: body.noise.map(({ parameter }) => parameter).join(' '),
    ...(payment.by === 'release'
      ? { ...describeCost(payment.cost), limits: describeLimits(payment.limits) }
      : { 'paid by': payment.reservations.join(' ') }),
  };
}

function periodRow(body: ReservedPeriodBody): AuditRow {
  return {
    what: `reservation of a ${body.period}`,
    time: time(body.at),
    domain: body.domain,
    unit: body.unit,
    share: body.share,
    plan: body.plan,
    from: time(body.periodStart),
    decision: body.decision,
    outcome: body.reservationId,
    ...describeCost(body.cost),
    limits: describeLimits(body.limits),
  };
}

function refusalRow({ at, times, peer, reason, planHash, report, windowStart, windowEnd }: KeptRefusal): AuditRow {
  return {
    what: 'refusal',
    time: time(at),
    plan: planHash,
    report: String(report),
    from: time(windowStart),
    to: time(windowEnd),
    decision: reason,
    outcome: `refused ${String(times)} times`,
    peer,
  };
}

function describeCost({ epsilon, rho, delta }: CostText): AuditRow {
  return { ...(epsilon === undefined ? {} : { epsilon }), rho, delta };
}

function describeLimits(limits: readonly LimitText[]): string {
  return limits.map(describeLimit).join('; ');
}

/** `in any day`: of every span that is as long, wherever it begins. */
export function describeLimit({ period, share, slidingStep, measure, most, delta }: LimitText): string {
  const span = slidingStep === undefined ? `a ${period}` : `in any ${period}`;
  const amount = delta === '0' ? `${measure} ${most}` : `${measure} ${most}, delta ${delta}`;
  return share === undefined ? `${amount} ${span}` : `${amount} ${span} for ${share}`;
}

/** Of any number a peer may send. */
function time(unixSeconds: number): string {
  const date = new Date(1000 * unixSeconds);
  return Number.isNaN(date.getTime()) ? String(unixSeconds) : date.toISOString();
}
