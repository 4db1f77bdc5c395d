/**
 * How much of a period's reservation was used: after R windows a subject can be in at most min(R * w, V) of its V
 * visits, w in each window. What is reserved stays reserved; this says what releases can have shown so far. Running
 * totals and selections show all of it at once.
 */
import { multiplyRational, rational, type Rational } from '../math/rational.js';
import { addCosts, NO_COST, type PrivacyCost } from '../privacy/privacy-cost.js';
import { formatCost, parseCost } from './ledger-amounts.js';
import type { CostText, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';

export interface ReservationUse {
  readonly reservation: ReservedPeriodBody;
  /** Windows with a granted release, by report. */
  readonly windows: readonly number[];
  readonly used: CostText;
}

export class Odometer {
  readonly #reservations = new Map<string, ReservedPeriodBody>();
  /** Starts of windows, by reservation and report. */
  readonly #windows = new Map<string, Set<number>>();
  /** Reports of which more than windows was released. */
  readonly #whole = new Set<string>();

  reserve(body: ReservedPeriodBody): void {
    if (body.decision === 'granted') this.#reservations.set(body.reservationId, body);
  }

  release({ payment, cell, decision }: ReservedBody): void {
    if (payment.by !== 'period' || decision !== 'granted') return;
    for (const id of payment.reservations) {
      this.#windowsOf(id, cell.report).add(cell.rangeStart);
      if (cell.kind !== 'window') this.#whole.add(keyOf(id, cell.report));
    }
  }

  get uses(): ReservationUse[] {
    return [...this.#reservations.values()].map((reservation) => {
      const { reservationId, reports } = reservation;
      const windows = reports.map((_, report) => this.#windowsOf(reservationId, report).size);
      const shown = windows.map((count, report) => (this.#whole.has(keyOf(reservationId, report)) ? Infinity : count));
      return { reservation, windows, used: formatCost(usedOf(reservation, shown)) };
    });
  }

  #windowsOf(reservationId: string, report: number): Set<number> {
    const key = keyOf(reservationId, report);
    const windows = this.#windows.get(key) ?? new Set();
    this.#windows.set(key, windows);
    return windows;
  }
}

function keyOf(reservationId: string, report: number): string {
  return `${reservationId} ${String(report)}`;
}

function usedOf({ reports, bounds }: ReservedPeriodBody, windows: readonly number[]): PrivacyCost {
  return reports
    .map((cost, report) => partOf(parseCost(cost), bounds ?? { visits: 1, visitsPerWindow: 1 }, windows[report] ?? 0))
    .reduce(addCosts, NO_COST);
}

/** Epsilon grows with the visits, rho with the sum of their squares per window, the fullest windows first. */
function partOf(
  { epsilon, rho, delta }: PrivacyCost,
  { visits, visitsPerWindow }: NonNullable<ReservedPeriodBody['bounds']>,
  windows: number,
): PrivacyCost {
  const full = Math.floor(visits / visitsPerWindow);
  const rest = visits - full * visitsPerWindow;
  const touched = Math.min(windows, full);
  const last = windows > full ? rest : 0;
  const squares = (many: number, other: number): bigint => BigInt(many * visitsPerWindow ** 2 + other ** 2);
  return {
    epsilon: epsilon && scaled(epsilon, BigInt(touched * visitsPerWindow + last), BigInt(visits)),
    rho: scaled(rho, squares(touched, last), squares(full, rest)),
    delta: windows === 0 ? NO_COST.delta : delta,
  };
}

function scaled(value: Rational, part: bigint, whole: bigint): Rational {
  return multiplyRational(value, rational(part, whole));
}
