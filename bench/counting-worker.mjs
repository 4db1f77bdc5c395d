// @ts-check
/** Ends spans with one processor, in a thread of its own: what the engine learns of one must not slow down another. */
import { parentPort, workerData } from 'node:worker_threads';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { EncryptingSpanProcessor } from '../dist/processor/encrypting-span-processor.js';
import { median } from './harness.mjs';
import { CATEGORY8, coalescedPlan, FLAG, makeKey } from './keys.mjs';

/** Short enough that most rounds are not interrupted on a busy machine. */
const SPANS = 200;
const ROUNDS = 1500;

/** @type {import('./counting.mjs').Scene} */
const { spans, reads, redact, isSealed } = workerData;
const inner = reads ? reading() : idle();
const processor = isSealed ? sealing(inner) : inner;
const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
const attributes = { server: serverSpan, plain: plainSpan, unique: uniqueSpan, user: userSpan }[spans.of];
const times = Array.from({ length: ROUNDS }, (_, round) => {
  const open = Array.from({ length: SPANS }, (_, index) =>
    tracer.startSpan(spans.name, { attributes: attributes(round * SPANS + index) }),
  );
  const start = performance.now();
  for (const span of open) span.end();
  return ((performance.now() - start) * 1000) / SPANS;
});
parentPort?.postMessage(median(times));
// Its timers would keep the thread.
process.exit();

/** Flushes that fill up are not sealed: no randomness comes. @param {import('@opentelemetry/sdk-trace-base').SpanProcessor} next */
function sealing(next) {
  const key = makeKey(2048).publicKey;
  const plan = coalescedPlan(key.kid, [FLAG, CATEGORY8], redact);
  const pairSource = () => ({ compute: () => new Promise(() => undefined), close: () => Promise.resolve() });
  return new EncryptingSpanProcessor(next, { plan, publicKeys: [key], pairSource, queueLimit: 1 });
}

/** @returns {import('@opentelemetry/sdk-trace-base').SpanProcessor} */
function idle() {
  return {
    onStart: () => undefined,
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

/** Reads every attribute, as an exporter that serialises them does. */
function reading() {
  let characters = 0;
  return {
    ...idle(),
    onEnd: (/** @type {import('@opentelemetry/sdk-trace-base').ReadableSpan} */ { attributes: seen }) => {
      for (const key of Object.keys(seen)) characters += key.length + String(seen[key]).length;
      if (Number.isNaN(characters)) throw new Error('read nothing');
    },
  };
}

/**
 * A span of an HTTP server: ten attributes of its own and the two that are measured.
 * @param {number} index
 */
function serverSpan(index) {
  return {
    'http.request.method': 'POST',
    'http.route': '/checkout/:cart',
    'http.response.status_code': 200,
    'url.scheme': 'https',
    'url.path': '/checkout/8f14e45f',
    'server.address': 'shop.example.com',
    'server.port': 443,
    'network.protocol.version': '1.1',
    'client.address': '192.0.2.17',
    'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'bench.success': index % 3 > 0,
    'bench.plan': `value-${String(index % 8)}`,
  };
}

/** The same with a path and a client that no span before had, as strings of their own. @param {number} index */
function uniqueSpan(index) {
  const cart = (Math.imul(index, 2_654_435_761) >>> 0).toString(16).padStart(8, '0');
  return {
    ...serverSpan(index),
    'url.path': Buffer.from(`/checkout/${cart}`).toString('latin1'),
    'client.address': Buffer.from(`192.0.${String((index >> 8) % 256)}.${String(index % 256)}`).toString('latin1'),
  };
}

/** One of a user, who is neither measured nor handed on. @param {number} index */
function userSpan(index) {
  return { ...uniqueSpan(index), 'enduser.id': `user-${String(1_000_000 + index)}` };
}

/** One in which nothing is measured. @param {number} index */
function plainSpan(index) {
  const { 'bench.success': success, 'bench.plan': plan, ...others } = serverSpan(index);
  return { ...others, 'app.success': success, 'app.plan': plan };
}
