/** The worker dies in the middle of its work, twice, while spans keep ending. */
import { checkout, client, envelopes, processor, provider } from './tracing.mjs';

/** @type {string[]} */
const died = [];
/** Asks for more than any array can hold: the thread throws and ends. */
const crash = () =>
  client
    .compute('mask', 2 ** 40)
    .catch((/** @type {unknown} */ error) => died.push(error instanceof Error ? error.name : 'not an error'));

await processor.ready();
for (let round = 0; round < 3; round += 1) {
  checkout(40);
  if (round < 2) void crash();
  await new Promise((resolve) => setImmediate(resolve));
  checkout(40);
}
await provider.forceFlush();
process.stdout.write(`${JSON.stringify({ envelopes: envelopes(), died, stats: processor.stats() })}\n`);
await provider.shutdown();
