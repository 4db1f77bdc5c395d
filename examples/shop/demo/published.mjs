// @ts-check
/** Released values as any reader gets them: from the receiver's Prometheus endpoint, window by window. */
import { pause } from './interrupt.mjs';
import { scrape } from './prometheus-text.mjs';

/**
 * @typedef {import('telemetry-kit/plan').Plan} Plan
 * @typedef {import('./prometheus-text.mjs').Sample} Sample
 * @typedef {{ series: string, member: string, value: number, stddev: number, interval: [number, number] }} ReleasedValue
 * @typedef {{ series: string, reason: string }} SuppressedCell
 * @typedef {{ limit: number, consumed: number, remaining: number }} Budget
 * @typedef {{
 *   windowStart: number,
 *   windowEnd: number,
 *   values: ReleasedValue[],
 *   suppressed: SuppressedCell[],
 *   budget: Budget,
 * }} PublishedWindow
 */

/** Well below a window, so that none is missed. */
const POLL_MILLIS = 300;

/**
 * Every window in order, once all reports of it are published.
 * @param {string} url
 * @param {Plan} plan
 * @param {AbortSignal} signal ends the wait with its reason
 * @returns {AsyncGenerator<PublishedWindow, never>}
 */
export async function* publishedWindows(url, plan, signal) {
  let lastEnd = 0;
  for (;;) {
    const window = readWindow(await scrape(url, signal), plan);
    if (window !== undefined && window.windowEnd > lastEnd) {
      lastEnd = window.windowEnd;
      yield window;
    }
    await pause(POLL_MILLIS, signal);
  }
}

/**
 * The window that all reports show, or `undefined` while they differ or show none.
 * @param {Sample[]} samples
 * @param {Plan} plan
 * @returns {PublishedWindow | undefined}
 */
export function readWindow(samples, plan) {
  const ends = plan.reports.map(({ name }) => valueOf(samples, 'telemetry_kit_window_end', { report: name }));
  const [windowEnd] = ends;
  if (windowEnd === undefined || ends.some((end) => end !== windowEnd)) return undefined;
  const measurements = plan.reports.flatMap((report) =>
    report.measurements.map((measurement) => ({ report: report.name, measurement: measurement.name })),
  );
  return {
    windowStart: windowEnd - plan.window.seconds,
    windowEnd,
    values: measurements.flatMap(({ report, measurement }) => valuesOf(samples, report, measurement)),
    suppressed: samples
      .filter(({ name, value }) => name === 'telemetry_kit_suppressed' && value === 1)
      .map(({ labels }) => ({
        series: `${labels['report'] ?? ''}.${labels['measurement'] ?? ''}`,
        reason: labels['reason'] ?? '',
      })),
    budget: {
      limit: valueOf(samples, 'telemetry_kit_budget_limit') ?? 0,
      consumed: valueOf(samples, 'telemetry_kit_budget_consumed') ?? 0,
      remaining: valueOf(samples, 'telemetry_kit_budget_remaining') ?? 0,
    },
  };
}

/**
 * @param {Sample[]} samples
 * @param {string} report
 * @param {string} measurement
 * @returns {ReleasedValue[]}
 */
function valuesOf(samples, report, measurement) {
  const name = `telemetry_kit_${report}_${measurement}`;
  return samples
    .filter((sample) => sample.name === name)
    .map(({ labels, value }) => ({
      series: `${report}.${measurement}`,
      member: labels['value'] ?? '',
      value,
      stddev: valueOf(samples, `${name}_stddev`, labels) ?? NaN,
      interval: [valueOf(samples, `${name}_ci_low`, labels) ?? NaN, valueOf(samples, `${name}_ci_high`, labels) ?? NaN],
    }));
}

/**
 * @param {Sample[]} samples
 * @param {string} name
 * @param {Readonly<Record<string, string>>} [labels] all of these must match
 */
function valueOf(samples, name, labels = {}) {
  return samples.find(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;
}
