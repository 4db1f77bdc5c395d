/**
 * How much of a period's reservation was used: after R windows a subject can be in at most min(R * w, V) of its V
 * visits, w in each window. What is reserved stays reserved; this says what releases can have shown so far. Running
 * totals and selections show all of it at once.
 */
import { multiplyRational, rational, type Rational } from '../math/rational.js';
import { addCosts, NO_COST, type PrivacyCost } from '../privacy/privacy-cost.js';
import { formatCost, parseCost } from './ledger-amounts.js';
import type { CostText, PaidStream, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';

export interface ReservationUse {
  readonly reservation: ReservedPeriodBody;
  /** Windows with a granted release, by report. */
  readonly windows: readonly number[];
  readonly used: CostText;
}

/** What counts of a unit `event`. */
const ONE_SPAN = { visits: 1, visitsPerWindow: 1 };

export class Odometer {
  readonly #reservations = new Map<string, ReservedPeriodBody>();
  /** Starts of the windows of releases, by reservation and what of it pays for them. */
  readonly #windows = new Map<string, Set<number>>();

  reserve(body: ReservedPeriodBody): void {
    if (body.decision === 'granted') this.#reservations.set(body.reservationId, body);
  }

  release({ payment, cell, decision }: ReservedBody): void {
    if (payment.by !== 'period' || decision !== 'granted') return;
    for (const id of payment.reservations) {
      const key = keyOf(id, cell.report, cell);
      const starts = this.#windows.get(key) ?? new Set<number>();
      this.#windows.set(key, starts.add(cell.rangeStart));
    }
  }

  get uses(): ReservationUse[] {
    return [...this.#reservations.values()].map((reservation) => {
      const { reservationId, reports, bounds } = reservation;
      const starts = reports.map((parts, report) => parts.map((part) => this.#startsOf(reservationId, report, part)));
      const used = reports.flatMap((parts, report) =>
        parts.map((part, index) => usedOf(part, bounds ?? ONE_SPAN, starts[report]?.[index]?.size ?? 0)),
      );
      return {
        reservation,
        windows: starts.map((ofParts) => new Set(ofParts.flatMap((each) => [...each])).size),
        used: formatCost(used.reduce(addCosts, NO_COST)),
      };
    });
  }

  #startsOf(reservationId: string, report: number, part: PaidStream): ReadonlySet<number> {
    return this.#windows.get(keyOf(reservationId, report, part)) ?? new Set();
  }
}

function keyOf(
  reservationId: string,
  report: number,
  { kind, measurement }: Pick<PaidStream, 'kind' | 'measurement'>,
): string {
  return [reservationId, report, kind, measurement].join(' ');
}

function usedOf({ kind, cost }: PaidStream, bounds: typeof ONE_SPAN, windows: number): PrivacyCost {
  if (windows === 0) return NO_COST;
  return kind === 'window' ? shownBy(windows, bounds, parseCost(cost)) : parseCost(cost);
}

/** Epsilon grows with the visits, rho with the sum of their squares per window, the fullest windows first. */
function shownBy(
  windows: number,
  { visits, visitsPerWindow }: typeof ONE_SPAN,
  { epsilon, rho, delta }: PrivacyCost,
): PrivacyCost {
  const full = Math.floor(visits / visitsPerWindow);
  const rest = visits - full * visitsPerWindow;
  const touched = Math.min(windows, full);
  const last = windows > full ? rest : 0;
  const squares = (many: number, other: number): bigint => BigInt(many * visitsPerWindow ** 2 + other ** 2);
  return {
    epsilon: epsilon && scaled(epsilon, BigInt(touched * visitsPerWindow + last), BigInt(visits)),
    rho: scaled(rho, squares(touched, last), squares(full, rest)),
    delta,
  };
}

function scaled(value: Rational, part: bigint, whole: bigint): Rational {
  return multiplyRational(value, rational(part, whole));
}
