// @ts-check
/**
 * Everything that leaves the application passes here: its spans, its answers, and what the process prints.
 * Searched for the sensitive values of the plan and for the keys of the attributes that carry them.
 */
import { attributesOf } from 'telemetry-kit/plan';
import { LeakScanner, patternsOf } from './leak-scanner.mjs';
import { openTap } from './tap.mjs';

/**
 * @typedef {import('telemetry-kit/plan').Plan} Plan
 * @typedef {{ where: string, text: string, encoding: string }} Leak
 * @typedef {() => (chunk: Buffer) => void} NewWatcher asked once for each connection or stream
 * @typedef {{
 *   spans: import('./tap.mjs').Tap,
 *   answers: import('./tap.mjs').Tap,
 *   output: NewWatcher,
 *   leaks: readonly Leak[],
 *   bytesScanned(): number,
 *   close(): Promise<void>,
 * }} WireWatch
 */

/**
 * `spans` stands between the application and the receiver, `answers` between the load client and the application.
 * @param {Plan} plan
 * @returns {Promise<WireWatch>}
 */
export async function watchWire(plan) {
  const patterns = patternsOf(sensitiveTexts(plan));
  /** @type {Leak[]} */
  const leaks = [];
  /** @type {LeakScanner[]} */
  const scanners = [];

  /**
   * @param {string} where
   * @returns {NewWatcher}
   */
  function watcherFor(where) {
    return () => {
      const scanner = new LeakScanner(patterns);
      scanners.push(scanner);
      return (chunk) => {
        for (const { text, encoding } of scanner.scan(chunk)) leaks.push({ where, text, encoding });
      };
    };
  }

  const spans = await openTap({ watch: 'to-target', newWatcher: watcherFor('its spans') });
  const answers = await openTap({ watch: 'from-target', newWatcher: watcherFor('its answers') });
  return {
    spans,
    answers,
    output: watcherFor('its output'),
    leaks,
    bytesScanned: () => scanners.reduce((sum, { bytesScanned }) => sum + bytesScanned, 0),
    close: async () => {
      await spans.close();
      await answers.close();
    },
  };
}

/**
 * @param {Plan} plan
 * @returns {string[]}
 */
function sensitiveTexts(plan) {
  const measurements = plan.reports.flatMap((report) => report.measurements);
  const values = measurements.flatMap((measurement) => (measurement.kind === 'category' ? measurement.values : []));
  return [...values, ...measurements.flatMap(attributesOf), ...plan.redact];
}
