/** Ledger entries for tests, made by the rules the ledger checks. */
import { toBase64Url } from '../../src/bytes.js';
import type {
  CostText,
  EntryBody,
  PaidStream,
  ReservedBody,
  ReservedPeriodBody,
  SealedBody,
} from '../../src/keyholder/ledger-entry.js';
import { createEntry, GENESIS, sequenceAfter } from '../../src/keyholder/ledger-entry.js';
import { exportLedger } from '../../src/keyholder/ledger-export.js';
import type { Ledger } from '../../src/keyholder/ledger.js';
import { reservationIdOf } from '../../src/keyholder/period-terms.js';
import { formatRational, parseRationalFraction, rational } from '../../src/math/rational.js';
import type { Period } from '../../src/plan/plan.js';
import { releaseIdOf, type CellIdentity } from '../../src/keyholder/release-id.js';

export const DAY = 86_400;
const hashOf = (fill: number): string => toBase64Url(new Uint8Array(32).fill(fill));

export function cellAt(window: number, overrides: Partial<CellIdentity> = {}): CellIdentity {
  return {
    kind: 'window',
    planHash: hashOf(1),
    report: 0,
    measurement: 0,
    labels: [0],
    rangeStart: 60 * window,
    rangeEnd: 60 * (window + 1),
    kids: [hashOf(2)],
    ...overrides,
  };
}

/** Appends and makes durable. */
export function append(ledger: Ledger, bodies: readonly EntryBody[]): void {
  ledger.append(bodies);
  ledger.commit();
}

/** An export of these entries, with correct hashes whatever they say. */
export function forgedExport(bodies: readonly EntryBody[]): string[] {
  let [sequence, hash] = [0, GENESIS];
  const entries = bodies.map((body) => {
    const entry = createEntry(sequenceAfter(sequence, body), hash, body);
    ({ sequence, hash } = entry);
    return entry;
  });
  return [...exportLedger(entries)];
}

/** Epsilon debited in a period, all shares together. */
export function spentEpsilon(ledger: Ledger, domain: string, period: Period, periodStart: number): string {
  const { epsilon } = ledger.state.accounts.spent(domain, undefined, period, periodStart);
  return epsilon === undefined ? 'none' : formatRational(epsilon);
}

/** A payment of its own, in a day's budget of 1. */
export function ownPayment(epsilon = '1/10', limits: readonly object[] = []): ReservedBody['payment'] {
  const day = { period: 'day', measure: 'epsilon', most: '1', delta: '0' };
  return {
    by: 'release',
    cost: laplaceCost(epsilon),
    limits: limits.length === 0 ? [day] : limits,
  } as ReservedBody['payment'];
}

/** What a measurement of a reservation costs; the first one's windows by default. */
export function paidStream(cost: CostText, { kind = 'window', measurement = 0 }: Partial<PaidStream> = {}): PaidStream {
  return { kind, measurement, cost };
}

/** What three visits of a subject in one window cost under Laplace noise that gives them this epsilon. */
export function laplaceCost(epsilon: string): CostText {
  const { numerator, denominator } = parseRationalFraction(epsilon);
  const rho = formatRational(rational(numerator * numerator, 2n * denominator * denominator));
  return { epsilon, rho, delta: '0' };
}

/** A reservation of a day, at epsilon 1 of 1, for the windows of one measurement. */
export function periodBody(overrides: Partial<ReservedPeriodBody> = {}): ReservedPeriodBody {
  const cost = laplaceCost('1');
  const body: ReservedPeriodBody = {
    state: 'RESERVED_PERIOD',
    at: 60 + (overrides.periodStart ?? 0),
    reservationId: '',
    plan: 'shop',
    terms: hashOf(4),
    domain: 'shop',
    unit: 'user-period',
    period: 'day',
    periodStart: 0,
    share: 'streams',
    bounds: { visits: 3, visitsPerWindow: 3, processes: 1 },
    reports: [[paidStream(cost)]],
    cost,
    limits: [{ period: 'day', measure: 'epsilon', most: '1', delta: '0' }],
    decision: 'granted',
    ...overrides,
  };
  return { ...body, reservationId: overrides.reservationId ?? reservationIdOf(body) };
}

/** A release of two slots, with the noise that it pays for itself; decided when its window was over. */
export function reservedBody(cell: CellIdentity, overrides: Partial<ReservedBody> = {}): ReservedBody {
  const { payment = ownPayment() } = overrides;
  const epsilon = parseRationalFraction((payment.by === 'release' ? payment.cost.epsilon : undefined) ?? '1/10');
  const slot = { parameter: formatRational(rational(epsilon.denominator, epsilon.numerator)), bound: '1' };
  return {
    state: 'RESERVED',
    at: cell.rangeEnd,
    releaseId: releaseIdOf(cell),
    cell: { ...cell, labels: [...cell.labels], kids: [...cell.kids] },
    aggregateDigest: hashOf(3),
    domain: 'shop',
    unit: 'event',
    period: 'day',
    share: 'streams',
    mechanism: 'discrete-laplace',
    noise: [slot, slot],
    changes: 'one',
    payment,
    decision: 'granted',
    ...overrides,
  };
}

/** A release that this reservation pays for, with the Laplace noise that it pays for: scale visits * processes / epsilon. */
export function paidBody(
  reservation: ReservedPeriodBody,
  cell: CellIdentity,
  overrides: Partial<ReservedBody> = {},
): ReservedBody {
  const { plan, terms, domain, unit, period, share, bounds, reports, reservationId } = reservation;
  const part = reports[cell.report]?.find(({ kind, measurement }) => {
    return kind === cell.kind && measurement === cell.measurement;
  });
  const { numerator, denominator } = parseRationalFraction(part?.cost.epsilon ?? '1');
  const spans = BigInt((bounds?.visits ?? 1) * (bounds?.processes ?? 1));
  const slot = { parameter: formatRational(rational(spans * denominator, numerator)), bound: '1' };
  const payment: ReservedBody['payment'] = { by: 'period', plan, terms, reservations: [reservationId] };
  return reservedBody(cell, { domain, unit, period, share, noise: [slot, slot], payment, ...overrides });
}

export function sealedBody(cell: CellIdentity, outcome?: SealedBody['outcome']): SealedBody {
  return {
    state: 'SEALED',
    releaseId: releaseIdOf(cell),
    outcome: outcome ?? { status: 'released', values: ['-3', '12'] },
  };
}

export function publishedBody(cell: CellIdentity): EntryBody {
  return { state: 'PUBLISHED', releaseId: releaseIdOf(cell) };
}
