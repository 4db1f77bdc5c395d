// @ts-check
/** The shop's telemetry: the OpenTelemetry SDK as usual, with the sealing processor as its span processor. */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { decodePublicKey } from 'telemetry-kit';
import { createSealedSpanProcessor } from 'telemetry-kit/exporter';

/**
 * Call before anything imports `node:http`.
 * @param {{
 *   folder: string,
 *   ownerKey: string,
 *   url: string,
 *   scheduledDelayMillis?: number,
 *   processorsBefore?: import('@opentelemetry/sdk-trace-base').SpanProcessor[],
 * }} options `folder` is the `application` folder that `telemetry-kit init` wrote, `ownerKey` the key that
 *   signs plans, `url` where traces go, `processorsBefore` further processors
 */
export function startTelemetry({ folder, ownerKey, url, scheduledDelayMillis = 5000, processorsBefore = [] }) {
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

  const sealed = createSealedSpanProcessor({
    plan: { document: readJson(resolve(folder, 'plan.json')), trust: { ownerKey } },
    publicKeys: [decodePublicKey(readJson(resolve(folder, 'public-key.json')))],
    url,
    scheduledDelayMillis,
  });
  const provider = new NodeTracerProvider({ spanProcessors: [...processorsBefore, sealed] });
  provider.register();
  registerInstrumentations({
    instrumentations: [new HttpInstrumentation()],
    tracerProvider: provider,
  });
  return { provider, sealed };
}

/** @param {string} path */
function readJson(path) {
  return /** @type {unknown} */ (JSON.parse(readFileSync(path, 'utf8')));
}
