// @ts-check
/**
 * A receiver with one verification thread: from OTLP over HTTP to durable, through the endpoint a sender uses.
 * Envelopes are sealed beforehand; every one is new to the receiver.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGroupKernel } from '../dist/src/math/group-kernel.js';
import { createLogger, startReceiver } from '../dist/src/receiver/index.js';
import { median } from './harness.mjs';
import { BenchSealer, FLAG, makeKey, makePlan } from './keys.mjs';

const ROUNDS = 3;
/** Requests of a round are sent at the same time, as several senders do. */
const REQUESTS = 4;
const ENVELOPES = 64;
const WINDOW_START = 60;
const ANY = { host: '127.0.0.1', port: 0 };

/** @returns {Promise<import('./harness.mjs').Result[]>} */
export async function receiving() {
  const key = makeKey(2048).publicKey;
  const plan = makePlan(key.kid, [FLAG]);
  const sealer = new BenchSealer(plan, key);
  const request = () => requestOf(Array.from({ length: ENVELOPES }, () => sealer.seal(sealer.records(), WINDOW_START)));
  const warmUp = request();
  const rounds = Array.from({ length: ROUNDS }, () => Array.from({ length: REQUESTS }, request));

  const dataFolder = mkdtempSync(join(tmpdir(), 'telemetry-kit-bench-'));
  const receiver = await startReceiver({
    dataFolder,
    plans: [plan],
    publicKeys: [key],
    decryptor: { releaseWindow: () => Promise.reject(new Error('no window is closed here')) },
    otlpHttp: ANY,
    otlpGrpc: ANY,
    prometheus: ANY,
    admin: ANY,
    verifyWorkers: 1,
    logger: createLogger('receiver', 'silent'),
    // Stands still, within the window.
    clock: () => (WINDOW_START + 1) * 1000,
  });
  try {
    const url = `http://127.0.0.1:${String(receiver.ports.otlpHttp)}/v1/traces`;
    await send(url, warmUp);
    const rates = [];
    for (const requests of rounds) {
      const start = performance.now();
      await Promise.all(requests.map((body) => send(url, body)));
      rates.push((REQUESTS * ENVELOPES) / ((performance.now() - start) / 1000));
    }
    const expected = ENVELOPES * (1 + ROUNDS * REQUESTS);
    if (receiver.counters().accepted !== expected) throw new Error('not every envelope was counted');
    const kernel = createGroupKernel(key.n).name;
    return [{ name: 'receiver.envelopes', median: median(rates), unit: '1/s', bits: key.bits, kernel }];
  } finally {
    await receiver.close();
    rmSync(dataFolder, { recursive: true });
  }
}

/** @param {string[]} envelopes */
function requestOf(envelopes) {
  const spans = envelopes.map((stringValue) => ({
    name: 'bench',
    attributes: [{ key: 'telemetry_kit.envelope', value: { stringValue } }],
  }));
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

/** @param {string} url @param {string} body */
async function send(url, body) {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const answer = await response.text();
  if (response.status !== 200 || answer !== '{}')
    throw new Error(`the receiver answered ${String(response.status)}: ${answer}`);
}
