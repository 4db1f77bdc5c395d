/** As flush-last, waiting for the pool. */
import { processor } from './tracing.mjs';

await processor.ready();
process.stdout.write(`${JSON.stringify({ pool: processor.stats().poolSize })}\n`);
