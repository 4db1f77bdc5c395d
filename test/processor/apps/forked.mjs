/** A process that has its randomness ready forks others, which run the same code from the start. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { checkout, envelopes, processor, provider } from './tracing.mjs';

await processor.ready();
const children = process.send === undefined ? [0, 1].map(() => fork(fileURLToPath(import.meta.url))) : [];
const theirs = Promise.all(children.map(async (child) => (await once(child, 'message'))[0]));
checkout(20);
await provider.forceFlush();
const own = envelopes();
await provider.shutdown();
if (process.send === undefined) {
  process.stdout.write(`${JSON.stringify({ envelopes: [...own, ...(await theirs).flat()] })}\n`);
} else {
  process.send(own, () => process.disconnect());
}
