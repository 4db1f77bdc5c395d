/** What `audit verify` says to people: what holds, what was spent, what it means for one unit. */
import { AUDIT_DELTA, type LedgerVerification } from '../keyholder/ledger-export.js';
import { approximate, parseRationalFraction } from '../math/rational.js';
import { alignColumns } from './output.js';

/** `delta`: at which epsilons are given, a decimal string. */
export function describeVerification(verification: LedgerVerification, delta: string = AUDIT_DELTA): string {
  const { head, releases, burned, refusals } = verification;
  return [
    'the ledger verifies: every hash, release id, decision and sum',
    alignColumns(
      [
        ['entries', String(head.sequence)],
        ['head', head.hash],
        ['releases', `${String(releases.sealed)} fixed, ${String(releases.published)} handed out`],
        ['refusals', `${String(refusals)} without a charge, which are not in the chain`],
      ],
      '  ',
    ),
    ...section(`spent per budget period, epsilon at delta ${delta} by sums of rho and exactly`, spending(verification)),
    ...section('reserved per budget period, and used by releases so far', reservations(verification)),
    ...burned.map(
      ({ lastKnown, anchor, until }) =>
        `LOST: entries ${String(lastKnown + 1)} to ${String(anchor.sequence)}; windows until ${date(until)} are burned`,
    ),
    'compare entries and head with telemetry_kit_release_info in the published metrics: a ledger that ends before was cut',
  ].join('\n');
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`${title}:`, alignColumns(rows, '  ')];
}

function spending({ periods }: LedgerVerification): string[][] {
  return periods.map(({ domain, period, periodStart, unit, spent, granted, refused, epsilon }) => [
    domain,
    `${period} of ${date(periodStart)}`,
    `for one ${unit}`,
    spent.epsilon === undefined ? `rho ${short(spent.rho)}` : `epsilon ${short(spent.epsilon)}`,
    epsilon === undefined ? '' : `by rho ${rounded(epsilon.concentrated)}`,
    epsilon?.exact === undefined ? '' : `exactly ${rounded(epsilon.exact)}`,
    `${String(granted)} granted`,
    `${String(refused)} refused`,
  ]);
}

function reservations({ reservations: all }: LedgerVerification): string[][] {
  return all.map(({ reservation, windows, used }) => [
    reservation.domain,
    reservation.plan,
    `${reservation.period} of ${date(reservation.periodStart)}`,
    used.epsilon === undefined
      ? `rho ${short(used.rho)} of ${short(reservation.cost.rho)}`
      : `epsilon ${short(used.epsilon)} of ${short(reservation.cost.epsilon ?? '0')}`,
    `after ${windows.join(', ')} windows`,
  ]);
}

function date(unixSeconds: number): string {
  return new Date(1000 * unixSeconds).toISOString();
}

function short(fraction: string): string {
  return rounded(approximate(parseRationalFraction(fraction)));
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(6)));
}
