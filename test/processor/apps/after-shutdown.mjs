/** Spans that end, and randomness that is asked for, after everything was shut down. */
import { checkout, client, envelopes, exporter, processor, provider } from './tracing.mjs';

await processor.ready();
checkout(1);
// The SDK's exporter forgets its spans at shutdown.
const [sealed] = envelopes();
await provider.shutdown();
checkout(5);
const refused = await client.compute('mask', 1).catch((/** @type {unknown} */ error) => Object(error).code);
await processor.forceFlush();
const late = exporter.getFinishedSpans().map(({ attributes }) => attributes);
process.stdout.write(`${JSON.stringify({ envelopes: [sealed], late, refused, stats: processor.stats() })}\n`);
