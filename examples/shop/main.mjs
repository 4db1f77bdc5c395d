// @ts-check
/**
 * The shop on its own, against a telemetry-kit that runs already:
 *   telemetry-kit init my-shop --plan examples/shop/plan.json && telemetry-kit up --data my-shop
 *   SHOP_FOLDER=my-shop/application SHOP_OWNER_KEY=... node examples/shop/main.mjs
 */
import process from 'node:process';
import { startTelemetry } from './telemetry.mjs';

const { SHOP_FOLDER = 'application', SHOP_OWNER_KEY = '', SHOP_PORT = '8080' } = process.env;
const { provider, sealed } = startTelemetry({
  folder: SHOP_FOLDER,
  ownerKey: SHOP_OWNER_KEY,
  url: process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? 'http://127.0.0.1:4318/v1/traces',
  scheduledDelayMillis: 250,
});
await sealed.ready();

const { startShop } = await import('./app.mjs');
const server = await startShop({ port: Number(SHOP_PORT) });
process.stdout.write(`the shop listens on http://127.0.0.1:${SHOP_PORT}\n`);

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    void provider.shutdown();
  });
}
