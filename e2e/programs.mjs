// @ts-check
/** The real programs that the test is about. Where they are missing it says so: a skip for a user, a failure in CI. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { collectorProgram } from '../scripts/collector/program.mjs';

/** @typedef {{ collector: string, prometheus: string }} Programs */

/**
 * Ends the process where a program is missing.
 * @returns {Programs}
 */
export function findPrograms() {
  const collector = collectorProgram();
  const prometheus = onPath('prometheus');
  const missing = [
    ...(existsSync(collector) ? [] : ['an OpenTelemetry collector: npm run collector:build']),
    ...(prometheus === undefined ? ['Prometheus: apt-get install prometheus, or put `prometheus` on PATH'] : []),
  ];
  if (prometheus !== undefined && missing.length === 0) return { collector, prometheus };
  const inCi = process.env['CI'] === 'true';
  process.stderr.write(`${inCi ? 'FAILED' : 'SKIPPED, nothing was tested'}: missing\n  ${missing.join('\n  ')}\n`);
  process.exit(inCi ? 1 : 0);
}

/** @param {string} name */
function onPath(name) {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
