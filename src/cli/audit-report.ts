/** What `audit verify` says to people: what holds, what was spent, what it means for one unit. */
import { describeLimit } from '../keyholder/audit-table.js';
import type { LedgerVerification } from '../keyholder/ledger-export.js';
import { approximate, parseRationalFraction } from '../math/rational.js';
import { alignColumns } from './output.js';
import { roundedUpTo } from './shown-loss.js';

/** `delta`: at which epsilons are given, a decimal string. */
export function describeVerification(verification: LedgerVerification, delta: string): string {
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
    ...clock(verification),
    ...againstPlans(verification),
    'compare entries and head with telemetry_kit_release_info in the published metrics: a ledger that ends before was cut',
  ].join('\n');
}

function clock({ clockSetBack }: LedgerVerification): string[] {
  return clockSetBack.map(
    ({ sequence, at, after }) =>
      `CLOCK: entry ${String(sequence)} of ${date(at)} follows one of ${date(after)}: only --accept-clock allows that`,
  );
}

/** What an auditor may rely on depends on it, so it is said either way. */
function againstPlans({ plans: { checked, unchecked, missing } }: LedgerVerification): string[] {
  const lines = [`compared with the given plans: ${String(checked)} releases and reservations`];
  if (unchecked === 0) return lines;
  return [
    ...lines,
    `NOT COMPARED with any plan: ${String(unchecked)} releases and reservations, of ${missing.join(', ')}. Bounds, noise,`,
    'units, windows, cells and limits of these are the word of the key holder; pass --plan with their signed plans',
  ];
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`${title}:`, alignColumns(rows, '  ')];
}

function spending({ periods }: LedgerVerification): string[][] {
  return periods.map(({ domain, period, periodStart, unit, spent, limits, granted, refused, epsilon }) => [
    domain,
    `${period} of ${date(periodStart)}`,
    `for one ${unit}`,
    spent.epsilon === undefined ? `rho ${short(spent.rho)}` : `epsilon ${short(spent.epsilon)}`,
    `of ${limits.map(describeLimit).join(', ')}`,
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
  return Number.isFinite(value) ? String(roundedUpTo(value, 6)) : String(value);
}
