/**
 * What can be wrong with a debit although it is well hashed: names that do not belong to what they name, limits
 * named twice, a payment that does not cover the window, a decision that does not follow.
 */
import { periodOf, periodsTouched } from '../plan/budget-period.js';
import { parseRationalFraction } from '../math/rational.js';
import type { Mechanism } from '../privacy/mechanism.js';
import { addCosts, mechanismCost, NO_COST, type PrivacyCost } from '../privacy/privacy-cost.js';
import { formatCost, parseCost } from './ledger-amounts.js';
import type { CostText, LimitText, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';
import type { LedgerState } from './ledger-state.js';
import { reservationIdOf } from './period-terms.js';
import { releaseIdOf } from './release-id.js';
import { shareOf } from './release-kind.js';

/** Windows of plans are no longer; an auditor never counts through the hours of a forged one. */
const LONGEST_WINDOW_SECONDS = 31 * 86_400;
const WRONG_DECISION = 'its decision is not the one its budget allows';

export function faultOfRelease(body: ReservedBody, state: LedgerState): string | undefined {
  const { cell, payment } = body;
  if (body.releaseId !== releaseIdOf(cell)) return 'its release id is not that of its cell';
  if (body.share !== shareOf(cell.kind)) return 'its kind is paid for by another share of the budget';
  if ((cell.kind === 'selection') !== (body.selection !== undefined)) return 'its parameters are not of its kind';
  const seconds = cell.rangeEnd - cell.rangeStart;
  if (seconds <= 0 || seconds > LONGEST_WINDOW_SECONDS) return 'its window is empty or longer than any plan allows';
  const payable =
    payment.by === 'release'
      ? (costFault(body, payment.cost) ?? limitsFault(body.share, payment.limits))
      : coverFault(body, state);
  if (payable !== undefined) return payable;
  return state.decideRelease(body).decision === body.decision ? undefined : WRONG_DECISION;
}

export function faultOfReservation(body: ReservedPeriodBody, state: LedgerState): string | undefined {
  if (body.reservationId !== reservationIdOf(body)) return 'its reservation id is not that of its terms';
  if (body.periodStart !== periodOf(body.period, body.periodStart).start) return 'its period does not begin there';
  if (state.reservations.find(body.reservationId)?.decision === 'granted') return 'it reserves a period twice';
  if (!addsUp(body.reports, body.cost)) return 'the costs of its reports are not its cost';
  const limits = limitsFault(body.share, body.limits);
  if (limits !== undefined) return limits;
  return state.decidePeriod(body).decision === body.decision ? undefined : WRONG_DECISION;
}

function limitsFault(share: ReservedBody['share'], limits: readonly LimitText[]): string | undefined {
  const names = limits.map(({ period, share: of, slidingStep }) => [period, of, slidingStep].join(' '));
  if (new Set(names).size < names.length) return 'it names a limit twice';
  return limits.every((limit) => limit.share === undefined || limit.share === share)
    ? undefined
    : 'it names a limit of another share';
}

/** A release that pays for itself costs what its noise gives away about one event. */
function costFault(body: ReservedBody, cost: CostText): string | undefined {
  try {
    const slots = body.noise.map((slot) => slotCost(body.mechanism, slot));
    const isOne = body.changes === 'one' && slots.length > 0 && slots.every((slot) => isSameCost(slot, cost));
    const isAll = body.changes === 'all' && isSameCost(slots.reduce(addCosts, NO_COST), cost);
    return isOne || isAll ? undefined : 'its cost is not that of its noise';
  } catch {
    return 'its noise is none';
  }
}

function slotCost(kind: Mechanism['kind'], { parameter, bound }: ReservedBody['noise'][number]): PrivacyCost {
  const value = parseRationalFraction(parameter);
  const l1 = BigInt(bound);
  const mechanism: Mechanism = kind === 'discrete-laplace' ? { kind, scale: value } : { kind, variance: value };
  return mechanismCost(mechanism, { l1, l2Squared: l1 * l1 });
}

/** Every period that the window touches must be paid for by a reservation of the same people, in the same terms. */
function coverFault(body: ReservedBody, { reservations }: LedgerState): string | undefined {
  const { cell, payment } = body;
  const named = payment.by === 'period' ? payment.reservations.map((id) => reservations.find(id)) : [];
  const pays = (start: number): boolean =>
    named.some((each) => each?.periodStart === start && isSameBudget(each, body));
  const isCovered = periodsTouched(body.period, cell.rangeStart, cell.rangeEnd).every(pays);
  return isCovered ? undefined : 'it is paid for by a reservation that is not its own';
}

function isSameBudget(reservation: ReservedPeriodBody, { domain, unit, period, share }: ReservedBody): boolean {
  return (
    reservation.domain === domain &&
    reservation.unit === unit &&
    reservation.period === period &&
    reservation.share === share
  );
}

function addsUp(parts: readonly CostText[], whole: CostText): boolean {
  return isSameCost(parts.map(parseCost).reduce(addCosts, NO_COST), whole);
}

function isSameCost(cost: PrivacyCost, text: CostText): boolean {
  const { epsilon, rho, delta } = formatCost(cost);
  return epsilon === text.epsilon && rho === text.rho && delta === text.delta;
}
