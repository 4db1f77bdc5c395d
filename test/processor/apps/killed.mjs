/** Somebody ends the worker's thread again and again, in the middle of its work, while spans keep ending. */
import { once } from 'node:events';
import process from 'node:process';
import { checkout, envelopes, processor, provider } from './tracing.mjs';

const KILLS = 4;

/** @type {import('node:worker_threads').Worker[]} */
const workers = [];
process.on('worker', (/** @type {import('node:worker_threads').Worker} */ worker) => workers.push(worker));

// The worker itself keeps nothing alive.
const alive = setInterval(() => undefined, 1000);
checkout(10);
await processor.ready();
for (let round = 0; round < KILLS; round += 1) {
  // Runs the pool dry, so that spans wait for what the thread computes.
  checkout(30);
  while (workers.length <= round) await new Promise((resolve) => setTimeout(resolve, 5));
  const worker = workers[round];
  if (worker === undefined) throw new Error('no worker');
  // It has answered once and computes what comes next.
  await once(worker, 'message');
  for (let turn = 0; turn < 3 * round; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await worker.terminate();
  checkout(10);
}
clearInterval(alive);
await provider.forceFlush();
process.stdout.write(
  `${JSON.stringify({ envelopes: envelopes(), started: workers.length, stats: processor.stats() })}\n`,
);
await provider.shutdown();
