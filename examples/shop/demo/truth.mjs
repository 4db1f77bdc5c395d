// @ts-check
/**
 * The demo's control: counts, inside the application, what the plan measures, so that the released values can
 * be shown beside the true ones. A real application has no such thing: these are the numbers that stay secret.
 */

import { attributesOf } from 'telemetry-kit/plan';

/**
 * @typedef {Record<string, Record<string, Record<string, number>>>} Truth
 *   window start in Unix seconds -> series such as `checkout.success` -> value -> count
 * @typedef {import('telemetry-kit/plan').Plan} Plan
 * @typedef {import('@opentelemetry/sdk-trace-base').SpanProcessor} SpanProcessor
 * @typedef {import('@opentelemetry/sdk-trace-base').Span} Span
 */

/** @implements {SpanProcessor} */
export class TruthCounter {
  /** @type {Truth} */
  counts = {};
  #plan;

  /** @param {Plan} plan */
  constructor(plan) {
    this.#plan = plan;
  }

  onStart() {}

  /**
   * Runs before any processor's `onEnd`, so before the values are taken out; must stand first in the list.
   * @param {Span} span
   */
  onEnding(span) {
    const [seconds] = span.endTime;
    const window = String(Math.floor(seconds / this.#plan.window.seconds) * this.#plan.window.seconds);
    for (const report of this.#plan.reports) {
      if (report.spans.names?.includes(span.name) !== true) continue;
      for (const measurement of report.measurements) {
        const [attribute = ''] = attributesOf(measurement);
        const value = span.attributes[attribute];
        if (value !== undefined) this.#count(window, `${report.name}.${measurement.name}`, String(value));
      }
    }
  }

  onEnd() {}

  async forceFlush() {}

  async shutdown() {}

  /**
   * @param {string} window
   * @param {string} series
   * @param {string} value
   */
  #count(window, series, value) {
    const values = ((this.counts[window] ??= {})[series] ??= {});
    values[value] = (values[value] ?? 0) + 1;
  }
}
