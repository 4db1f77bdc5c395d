// @ts-check
/** `npm run e2e`: real application, collector, receiver, key holder and Prometheus, asserted by PromQL. */
import process from 'node:process';
import { Cleanup } from '../examples/shop/demo/cleanup.mjs';
import { checkExactTotals } from './exact-totals.mjs';
import { checkDashboardQueries } from './dashboard-queries.mjs';
import { install } from './installation.mjs';
import { checkNoisyValues } from './noisy-values.mjs';
import { findPrograms } from './programs.mjs';

const programs = findPrograms();
const print = (/** @type {string} */ line) => {
  process.stdout.write(`  ${line}\n`);
};

/**
 * @param {string} name
 * @param {'none' | 'both'} noise
 * @param {(installation: import('./installation.mjs').Installation, print: (line: string) => void) => Promise<void>} check
 */
async function scenario(name, noise, check) {
  process.stdout.write(`${name}\n`);
  const cleanup = new Cleanup();
  try {
    await check(await install(programs, cleanup, { noise }), print);
    return true;
  } catch (error) {
    process.stdout.write(`  FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return false;
  } finally {
    await cleanup.run();
  }
}

const results = [
  await scenario('exact totals over a collector that is killed', 'none', async (installation) => {
    await checkExactTotals(installation, print);
    await checkDashboardQueries(installation, print);
  }),
  await scenario('noise within what is stated', 'both', checkNoisyValues),
];
const passed = results.filter(Boolean).length;
process.stdout.write(`e2e: ${String(passed)} passed, ${String(results.length - passed)} failed\n`);
process.exit(passed === results.length ? 0 : 1);
