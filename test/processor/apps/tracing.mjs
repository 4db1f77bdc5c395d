/**
 * A small application on the built package: what an operator would write, plus what the test needs to see.
 * Reads the plan, the public key and the wish to skip shutdown from its environment.
 */
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { decodePublicKey, EncryptingSpanProcessor, ENVELOPE_ATTRIBUTE } from 'telemetry-kit';
import { PairWorkerClient } from '../../../dist/processor/pair-worker-client.node.js';

const { plan, trust, publicKey } = JSON.parse(process.env['TEST_SETUP'] ?? '{}');

export const exporter = new InMemorySpanExporter();
/**
 * So that a test can make the thread die.
 * @type {PairWorkerClient}
 */
export let client;
export const processor = new EncryptingSpanProcessor(new SimpleSpanProcessor(exporter), {
  plan: { document: plan, trust },
  publicKeys: [decodePublicKey(publicKey, { allowTestSize: true })],
  poolInitialRecords: 128,
  pairSource: (key) => (client = new PairWorkerClient(key)),
});
export const provider = new BasicTracerProvider({ spanProcessors: [processor] });

/** @param {number} count */
export function checkout(count) {
  const tracer = provider.getTracer('shop');
  for (let index = 0; index < count; index += 1) {
    tracer.startSpan('checkout', { attributes: { 'customer.plan': 'team-monthly' } }).end();
  }
}

export function envelopes() {
  return exporter.getFinishedSpans().map(({ attributes }) => attributes[ENVELOPE_ATTRIBUTE]);
}

process.stdout.write('tracing loaded\n');
