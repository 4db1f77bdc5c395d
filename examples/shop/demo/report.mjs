// @ts-check
/** The demo's findings: a table for people, one object for programs, and what would make it a failure. */
import { clockTime } from './window-clock.mjs';

/**
 * @typedef {import('./published.mjs').PublishedWindow} PublishedWindow
 * @typedef {import('./published.mjs').Budget} Budget
 * @typedef {import('./truth.mjs').Truth} Truth
 * @typedef {{
 *   windowStart: number, windowEnd: number, series: string, member: string,
 *   value: number, stddev: number, interval: [number, number], truth: number,
 * }} ReleasedRow
 * @typedef {{ windowStart: number, series: string, reason: string }} SuppressedRow
 * @typedef {import('./wire-watch.mjs').Leak} Leak
 * @typedef {{
 *   bits: number,
 *   windowSeconds: number,
 *   requests: number,
 *   released: ReleasedRow[],
 *   suppressed: SuppressedRow[],
 *   truth: Truth,
 *   accepted: number,
 *   duplicate: number,
 *   rejected: Record<string, number>,
 *   budget: Budget,
 *   plaintextLeaks: number,
 *   leaks: readonly Leak[],
 *   bytesScanned: number,
 * }} DemoResult
 */

/** Noise this far out has a probability below one in a hundred thousand. */
const FAR_STDDEVS = 8;

/**
 * @param {PublishedWindow} window
 * @param {Truth} truth
 * @returns {ReleasedRow[]}
 */
export function releasedRows({ windowStart, windowEnd, values }, truth) {
  return values.map((value) => ({
    windowStart,
    windowEnd,
    ...value,
    truth: truth[String(windowStart)]?.[value.series]?.[value.member] ?? 0,
  }));
}

/**
 * @param {PublishedWindow} window
 * @param {Truth} truth
 * @returns {string}
 */
export function windowTable(window, truth) {
  const { windowStart, windowEnd, suppressed, budget } = window;
  const rows = releasedRows(window, truth).map(({ series, member, value, interval: [low, high], truth: count }) => [
    series,
    member,
    String(value),
    `${String(low)} .. ${String(high)}`,
    String(count),
  ]);
  const blank = suppressed.map(({ series, reason }) => [series, '', `suppressed: ${reason}`, '', '']);
  return [
    `window ${clockTime(windowStart)} - ${clockTime(windowEnd)}   epsilon spent ${String(budget.consumed)}, left ${String(budget.remaining)} of ${String(budget.limit)}`,
    table([['series', 'value', 'released', '95 % interval', 'true (known to the shop only)'], ...rows, ...blank]),
  ].join('\n');
}

/**
 * @param {DemoResult} result
 * @returns {string[]} nothing where all is well
 */
export function faultsOf(result) {
  const far = result.released.filter(({ value, truth, stddev }) => !(Math.abs(value - truth) <= FAR_STDDEVS * stddev));
  const rejected = Object.entries(result.rejected).filter(([, count]) => count > 0);
  return [
    ...far.map(
      (row) =>
        `${row.series} ${row.member}: released ${String(row.value)}, true ${String(row.truth)}, noise ${String(row.stddev)}`,
    ),
    ...rejected.map(([reason, count]) => `${String(count)} contributions were rejected: ${reason}`),
    ...result.leaks.map(({ where, text, encoding }) => `"${text}" left the application through ${where} (${encoding})`),
    ...(result.released.length === 0 ? ['nothing was released'] : []),
    ...(result.accepted < result.requests && rejected.length === 0 ? ['contributions got lost on their way'] : []),
  ];
}

/**
 * What was found on the way, and where to look next.
 * @param {DemoResult} result
 */
export function closingWords({ requests, accepted, rejected, bytesScanned, plaintextLeaks }) {
  const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
  return [
    '',
    `${String(requests)} requests, ${String(accepted)} sealed contributions accepted, ${String(refused)} rejected`,
    `${String(bytesScanned)} bytes left the shop; sensitive values found in them: ${String(plaintextLeaks)}`,
    '',
    'Where to look next:',
    '  npm run demo -- --serve    keeps everything running: open the metrics endpoint, watch the budget run out',
    '  README.md, "Collector"     the same flow with an OpenTelemetry Collector in between',
    '  examples/shop              the application, its wiring and this demo',
  ].join('\n');
}

/** @param {string[][]} rows */
function table(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
