// @ts-check
/** What Prometheus has kept of one window, beside what the shop counted itself. */
import { until } from './until.mjs';

/** Far longer than a test takes. */
const LOOKBACK = '[30m:1s]';

/**
 * @typedef {import('telemetry-kit/plan').Plan} Plan
 * @typedef {{ series: string, value: string, truth: number, published: number, low: number, high: number }} Cell
 */

/**
 * Waits until the window is published.
 * @param {import('./prometheus.mjs').Prometheus} prometheus
 * @param {Plan} plan
 * @param {number} start Unix seconds
 * @param {import('../examples/shop/demo/truth.mjs').Truth} truth
 * @returns {Promise<Cell[]>} every declared cell
 */
export async function windowValues(prometheus, plan, start, truth) {
  const end = start + plan.window.seconds;
  /** @type {Cell[]} */
  const cells = [];
  for (const { name: report, measurements } of plan.reports) {
    for (const { name } of measurements) {
      const metric = `telemetry_kit_${report}_${name}`;
      const read = (/** @type {string} */ series) => perValue(prometheus, series, report, end);
      const published = await read(metric);
      const [low, high] = [await read(`${metric}_ci_low`), await read(`${metric}_ci_high`)];
      const counted = truth[String(start)]?.[`${report}.${name}`] ?? {};
      for (const [value, amount] of published) {
        const known = counted[value] ?? 0;
        cells.push({
          series: metric,
          value,
          truth: known,
          published: amount,
          low: low.get(value) ?? NaN,
          high: high.get(value) ?? NaN,
        });
      }
    }
  }
  return cells;
}

/**
 * The value that a series had while the window was the last one. The median, because a scrape in the moment of a
 * change may see one series before it and another after it.
 * @param {import('./prometheus.mjs').Prometheus} prometheus
 * @param {string} series
 * @param {string} report
 * @param {number} end Unix seconds
 */
async function perValue(prometheus, series, report, end) {
  const during = `(${series} and on() (telemetry_kit_window_end{report="${report}"} == ${String(end)}))`;
  const query = `quantile_over_time(0.5, ${during}${LOOKBACK})`;
  return until(`${series} of the window that ended at ${String(end)}`, async () => {
    const count = await prometheus.query(`count_over_time(${during}${LOOKBACK}) >= 5`);
    if (count.length === 0) return undefined;
    const samples = await prometheus.query(query);
    return new Map(samples.map(({ metric, value: [, amount] }) => [metric['value'] ?? '', Number(amount)]));
  });
}
