// @ts-check
/**
 * The shop as the demo's child process: the same wiring and the same shop, with the counter of true values
 * beside them. Talks to the demo over the IPC channel of `fork`, never over the network, and ends with it.
 */
import process from 'node:process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { startTelemetry } from '../telemetry.mjs';
import { TruthCounter } from './truth.mjs';

/**
 * @typedef {{ folder: string, ownerKey: string, url: string }} ShopOptions
 * @typedef {'counts' | 'flush' | 'stop'} ShopRequest
 * @typedef {{ port: number } | { counts: import('./truth.mjs').Truth } | { flushed: true }} ShopAnswer
 */

const options = /** @type {ShopOptions} */ (JSON.parse(process.argv[2] ?? '{}'));
const signed = /** @type {import('telemetry-kit/plan').SignedPlan} */ (
  JSON.parse(readFileSync(resolve(options.folder, 'plan.json'), 'utf8'))
);
const truth = new TruthCounter(signed.plan);

// The demo decides when the shop ends; the terminal's Ctrl-C reaches both.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit());

// Windows of the demo are short, so spans must leave soon after they end.
const { provider, sealed } = startTelemetry({ ...options, scheduledDelayMillis: 250, processorsBefore: [truth] });
await sealed.ready();
const { startShop } = await import('../app.mjs');
const server = await startShop({ port: 0 });

process.on('message', (request) => {
  void serve(/** @type {ShopRequest} */ (request));
});
const address = server.address();
tell({ port: typeof address === 'object' && address !== null ? address.port : 0 });

/** @param {ShopRequest} request */
async function serve(request) {
  switch (request) {
    case 'counts': {
      tell({ counts: truth.counts });
      return;
    }
    case 'flush':
      await provider.forceFlush();
      {
        tell({ flushed: true });
        return;
      }
    case 'stop':
      server.close();
      server.closeAllConnections();
      await provider.shutdown();
      process.disconnect();
  }
}

/** @param {ShopAnswer} answer */
function tell(answer) {
  process.send?.(answer);
}
