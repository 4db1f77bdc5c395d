/** Waiting for randomness is the last thing this application does: it must not end before that. */
import { checkout, envelopes, processor, provider } from './tracing.mjs';

checkout(50);
const [waiting] = [processor.stats().queueSize];
await provider.forceFlush();
process.stdout.write(`${JSON.stringify({ waiting, sealed: envelopes().length })}\n`);
