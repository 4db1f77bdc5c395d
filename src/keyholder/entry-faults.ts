/**
 * What can be wrong with a debit although it is well hashed: names that do not belong to what they name, limits
 * named twice, a payment that does not cover the window, a decision that does not follow.
 */
import { periodOf, periodsTouched } from '../plan/budget-period.js';
import type { LimitText, PaidStream, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';
import type { LedgerState } from './ledger-state.js';
import { addUpTo, priceFault } from './paid-cost.js';
import { reservationIdOf } from './period-terms.js';
import { releaseIdOf } from './release-id.js';
import { shareOf } from './release-kind.js';

/** Windows of plans are no longer; an auditor never counts through the hours of a forged one. */
const LONGEST_WINDOW_SECONDS = 31 * 86_400;
const WRONG_DECISION = 'its decision is not the one its budget allows';
const NOT_ITS_OWN = 'it is paid for by a reservation that is not its own';

type PaidByPeriod = Extract<ReservedBody['payment'], { readonly by: 'period' }>;

export function faultOfRelease(body: ReservedBody, state: LedgerState): string | undefined {
  const { cell, payment } = body;
  if (body.releaseId !== releaseIdOf(cell)) return 'its release id is not that of its cell';
  if (body.share !== shareOf(cell.kind)) return 'its kind is paid for by another share of the budget';
  if ((cell.kind === 'selection') !== (body.selection !== undefined)) return 'its parameters are not of its kind';
  const seconds = cell.rangeEnd - cell.rangeStart;
  if (seconds <= 0 || seconds > LONGEST_WINDOW_SECONDS) return 'its window is empty or longer than any plan allows';
  if (body.at < cell.rangeEnd) return 'it was decided before its window was over';
  if (!isPaidAsItsKind(body)) return 'its unit and kind are paid for in another way';
  const payable =
    payment.by === 'release'
      ? (priceFault(body, payment.cost) ?? limitsFault(body, payment.limits))
      : coverFault(body, payment, state);
  if (payable !== undefined) return payable;
  return state.decideRelease(body).decision === body.decision ? undefined : WRONG_DECISION;
}

export function faultOfReservation(body: ReservedPeriodBody, state: LedgerState): string | undefined {
  if (body.reservationId !== reservationIdOf(body)) return 'its reservation id is not that of its terms';
  if (body.periodStart !== periodOf(body.period, body.periodStart).start) return 'its period does not begin there';
  if (body.at < body.periodStart) return 'it was decided before its period began';
  if (state.reservations.find(body.reservationId)?.decision === 'granted') return 'it reserves a period twice';
  if ((body.unit === 'user-period') !== (body.bounds !== undefined)) return 'its bounds are not of its unit';
  if (body.reports.some(namesTwice)) return 'it pays for something twice';
  const costs = body.reports.flat().map(({ cost }) => cost);
  if (!addUpTo(costs, body.cost)) return 'the costs of its reports are not its cost';
  const limits = limitsFault(body, body.limits);
  if (limits !== undefined) return limits;
  return state.decidePeriod(body).decision === body.decision ? undefined : WRONG_DECISION;
}

function limitsFault(
  { share, period: own }: Pick<ReservedBody, 'share' | 'period'>,
  limits: readonly LimitText[],
): string | undefined {
  const names = limits.map(({ period, share: of, slidingStep }) => [period, of, slidingStep].join(' '));
  if (new Set(names).size < names.length) return 'it names a limit twice';
  if (!limits.some((limit) => limit.period === own && limit.share === undefined))
    return 'it has no limit for its period';
  return limits.every((limit) => limit.share === undefined || limit.share === share)
    ? undefined
    : 'it names a limit of another share';
}

/** Every period that the window touches must be paid for by a reservation of its own plan, people and terms. */
function coverFault(body: ReservedBody, payment: PaidByPeriod, { reservations }: LedgerState): string | undefined {
  const { cell, domain, period } = body;
  const { plan, terms } = payment;
  const own = periodsTouched(period, cell.rangeStart, cell.rangeEnd).map((periodStart) =>
    reservationIdOf({ domain, plan, period, periodStart, terms }),
  );
  if (payment.reservations.join() !== own.join()) return NOT_ITS_OWN;
  const paying = own.map((id) => reservations.find(id));
  if (!paying.every((each) => each?.unit === body.unit && each.share === body.share)) return NOT_ITS_OWN;
  return paying.map((each) => each && partFault(body, each)).find((fault) => fault !== undefined);
}

/** A reservation pays for what it names: the release's noise must cost no more, and no less, than that. */
function partFault(body: ReservedBody, { reports, bounds }: ReservedPeriodBody): string | undefined {
  const { kind, report, measurement } = body.cell;
  const part = reports[report]?.find((each) => each.kind === kind && each.measurement === measurement);
  return part === undefined ? 'its reservation does not pay for it' : priceFault(body, part.cost, bounds);
}

/** Windows of events pay for themselves; what one unit contributes to in a whole period is paid for at once. */
function isPaidAsItsKind({ unit, cell, payment }: ReservedBody): boolean {
  return (payment.by === 'release') === (unit === 'event' && cell.kind === 'window');
}

function namesTwice(parts: readonly PaidStream[]): boolean {
  return new Set(parts.map(({ kind, measurement }) => `${kind} ${String(measurement)}`)).size < parts.length;
}
