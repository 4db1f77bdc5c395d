// @ts-check
/** The five steps of the demo, in order. Whatever is made is undone by `cleanup`, however the demo ends. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abortedAlsoBy, unlessAborted } from './interrupt.mjs';
import { startLoad } from './load.mjs';
import { progressOf } from './progress.mjs';
import { publishedWindows } from './published.mjs';
import { receiverCounts } from './receiver-counts.mjs';
import { releasedRows, windowTable } from './report.mjs';
import { makeKeys, startKeyHolder, startReceiver } from './services.mjs';
import { Shop } from './shop.mjs';
import { clockTime, nextWindowStart, untilGraceIsOver, untilUnixSeconds } from './window-clock.mjs';
import { watchWire } from './wire-watch.mjs';

/**
 * @typedef {import('telemetry-kit/plan').Plan} Plan
 * @typedef {import('telemetry-kit/plan').SignedPlan} SignedPlan
 * @typedef {import('./report.mjs').DemoResult} DemoResult
 * @typedef {{
 *   signal: AbortSignal,
 *   cleanup: import('./cleanup.mjs').Cleanup,
 *   serve: boolean,
 *   print: (line: string) => void,
 * }} DemoOptions
 * @typedef {{
 *   plan: Plan,
 *   shop: Shop,
 *   watch: import('./wire-watch.mjs').WireWatch,
 *   endpoints: import('./services.mjs').ReadyLine['endpoints'],
 *   died: Promise<never>[],
 * }} Installation
 */

/** Real installations use 3072 bits or more. */
const BITS = 2048;
const WINDOWS = 4;
/** How long after it is due the last window may be published, on a very busy machine. */
const PATIENCE_SECONDS = 30;

/**
 * @param {DemoOptions} options
 * @returns {Promise<DemoResult>} with `serve`, never: ends by the signal only
 */
export async function runDemo(options) {
  const { signal, cleanup, serve, print } = options;
  const { step, note } = progressOf(print);
  const installation = await install(options);
  const { plan, shop, watch, endpoints } = installation;

  const start = nextWindowStart(plan);
  const seconds = WINDOWS * plan.window.seconds;
  const running = whileItRuns(signal, installation, serve ? undefined : start + seconds);
  step(
    4,
    `HTTP load at a fixed rate, ${String(WINDOWS)} windows of ${String(plan.window.seconds)} s from ${clockTime(start)}`,
  );
  await untilUnixSeconds(start, running);
  const load = startLoad(watch.answers.port, serve ? undefined : seconds);
  cleanup.add(() => load.stop());

  step(5, `released values, ${String(plan.window.graceSeconds)} s after each window, from ${endpoints.prometheus}`);
  note('the first window had no traffic yet: it is released and paid for all the same, or its absence would tell');
  const untilEnd = serve ? Infinity : start + seconds;
  const found = await collectWindows(installation, untilEnd, running, print);
  const { requests } = await unlessAborted(load.finished, running);
  await unlessAborted(shop.flush(), running);
  return {
    bits: BITS,
    windowSeconds: plan.window.seconds,
    requests,
    ...found,
    ...(await receiverCounts(endpoints.admin, running)),
    plaintextLeaks: watch.leaks.length,
    leaks: watch.leaks,
    bytesScanned: watch.bytesScanned(),
  };
}

/**
 * Steps 1 to 3: everything is made and runs, nothing is sealed yet.
 * @param {DemoOptions} options
 * @returns {Promise<Installation>}
 */
async function install({ signal, cleanup, print }) {
  const { step, note } = progressOf(print);
  const folder = mkdtempSync(join(tmpdir(), 'tk-demo-'));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  step(1, `keys and a signed measurement plan, ${String(BITS)} bits (enough for a demo; the default is 3072)`);
  note(`everything is in ${folder} and goes away with the demo`);
  const keys = makeKeys(folder, BITS);
  cleanup.add(() => keys.kill());
  const { ownerKey } = await unlessAborted(keys.facts, signal);
  const plan = readPlan(folder);

  step(2, 'key holder and receiver, two processes');
  // Every window in which the receiver is up is released and paid for, with or without traffic. So the shop makes its
  // randomness before the receiver starts, and the receiver starts when only one window without traffic is open.
  const watch = await watchWire(plan);
  cleanup.add(() => watch.close());
  const url = `http://127.0.0.1:${String(watch.spans.port)}/v1/traces`;
  const shop = new Shop({ folder: join(folder, 'application'), ownerKey, url }, watch.output);
  cleanup.add(() => shop.kill());
  note('before they start, the shop precomputes randomness for its seals');
  const shopPort = await unlessAborted(shop.ready(), signal);
  const keyHolder = startKeyHolder(folder);
  cleanup.add(() => keyHolder.stop());
  note(
    `key holder  process ${String((await unlessAborted(keyHolder.ready, signal)).pid)}, with the private key and the ledger`,
  );
  await untilGraceIsOver(plan, signal);
  const receiver = startReceiver(folder);
  cleanup.add(() => receiver.stop());
  const { pid, endpoints } = await unlessAborted(receiver.ready, signal);
  note(`receiver    process ${String(pid)}, with ciphertexts only; spans in at ${endpoints.otlpHttp}`);

  step(3, 'the shop, an HTTP application on the OpenTelemetry SDK');
  watch.spans.aim(Number(new URL(endpoints.otlpHttp).port));
  watch.answers.aim(shopPort);
  note('its spans are sealed as they end; every byte that leaves it is searched for the sensitive values');
  return { plan, shop, watch, endpoints, died: [shop.died, keyHolder.died, receiver.died] };
}

/**
 * Prints and keeps every window up to the one that ends then.
 * @param {Installation} installation
 * @param {number} untilEnd Unix seconds
 * @param {AbortSignal} signal
 * @param {(text: string) => void} print
 * @returns {Promise<Pick<DemoResult, 'released' | 'suppressed' | 'truth' | 'budget'>>}
 */
async function collectWindows({ endpoints, plan, shop }, untilEnd, signal, print) {
  /** @type {DemoResult['released']} */
  const released = [];
  /** @type {DemoResult['suppressed']} */
  const suppressed = [];
  for await (const window of publishedWindows(endpoints.prometheus, plan, signal)) {
    const truth = await shop.counts();
    print(windowTable(window, truth));
    released.push(...releasedRows(window, truth));
    suppressed.push(...window.suppressed.map((cell) => ({ windowStart: window.windowStart, ...cell })));
    if (window.windowEnd >= untilEnd) return { released, suppressed, truth, budget: window.budget };
  }
  throw new Error('the windows never end');
}

/**
 * Aborted by Ctrl-C, when a process dies, and when the window that ends at `lastEnd` is long overdue.
 * @param {AbortSignal} signal
 * @param {Installation} installation
 * @param {number | undefined} lastEnd Unix seconds
 */
function whileItRuns(signal, { plan, died }, lastEnd) {
  const overdue = lastEnd === undefined ? undefined : lastEnd + plan.window.graceSeconds + PATIENCE_SECONDS;
  return abortedAlsoBy(signal, {
    failures: died,
    timeoutMessage: 'the last window was not published in time',
    ...(overdue === undefined ? {} : { timeoutMillis: overdue * 1000 - Date.now() }),
  });
}

/**
 * @param {string} folder
 * @returns {Plan}
 */
function readPlan(folder) {
  const text = readFileSync(join(folder, 'application', 'plan.json'), 'utf8');
  return /** @type {SignedPlan} */ (JSON.parse(text)).plan;
}
