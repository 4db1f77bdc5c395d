// @ts-check
/** What a thread holds that works under one key: its tables, and its heap at the most, garbage included. */
import { Worker } from 'node:worker_threads';
import { decodeEnvelope } from '../dist/src/wire/envelope.js';
import { BenchSealer, FLAG, makeKey, makePlan } from './keys.mjs';

const ENVELOPES = 256;
const MEGABYTE = 1e6;

/** @returns {Promise<import('./harness.mjs').Result[]>} */
export async function memory() {
  const results = [];
  for (const bits of [2048, 3072]) {
    const key = makeKey(bits).publicKey;
    const sealer = new BenchSealer(makePlan(key.kid, [FLAG]), key);
    const envelopes = Array.from({ length: ENVELOPES }, () => decodeEnvelope(sealer.seal(sealer.records())));
    for (const task of ['pool', 'verify']) {
      const { heap, tables } = await heldBy({ task, modulus: key.n, envelopes });
      results.push(
        { name: `memory.${task}.worker.heap`, median: heap / MEGABYTE, unit: 'MB', bits },
        { name: `memory.${task}.worker.tables`, median: tables / MEGABYTE, unit: 'MB', bits, kernel: sealer.kernel },
      );
    }
  }
  return results;
}

/** @param {object} workerData @returns {Promise<{ heap: number, tables: number }>} */
function heldBy(workerData) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./memory-worker.mjs', import.meta.url), { workerData });
    worker.on('message', resolve);
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the thread ended with ${String(code)} before it answered`)));
  });
}
