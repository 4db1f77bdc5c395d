// @ts-check
/** What the processor adds to a span's end: nothing selected, one span counted locally, one flush sealed. */
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { EncryptingSpanProcessor } from '../dist/processor/encrypting-span-processor.js';
import { compilePlan } from '../dist/src/plan/compile.js';
import { coalescedMembers } from '../dist/src/plan/layout.js';
import { systemRandom } from '../dist/src/random.js';
import { median, medianMillis } from './harness.mjs';
import { BenchSealer, CATEGORY8, FLAG, makeKey, makePlan } from './keys.mjs';

const BITS = 2048;
const SPAN_BOUND = 1023;
/** Short enough that most rounds are not interrupted on a busy machine. */
const SPANS = 500;
const ROUNDS = 400;
/** @type {import('../dist/src/plan/plan.js').Measurement} */
const ELSEWHERE = { name: 'success', attribute: 'elsewhere', kind: 'flag', epsilon: '1' };

/** @returns {import('./harness.mjs').Result[]} */
export function coalescing() {
  const key = makeKey(BITS).publicKey;
  const counted = endMicros(coalescedPlan(key.kid, [FLAG, CATEGORY8]), key, 'bench');
  const untouched = endMicros(coalescedPlan(key.kid, [ELSEWHERE]), key, 'other');
  const flush = flushMillis(key);
  return [
    {
      name: 'processor.untouched',
      median: untouched.added,
      unit: 'us',
      bits: 0,
      peer: { name: 'span.end', median: untouched.plain },
    },
    {
      name: 'coalesce.count',
      median: 1e6 / counted.added,
      unit: 'spans/s',
      bits: 0,
      peer: { name: 'span.end', median: 1e6 / counted.plain },
      ratio: counted.plain / counted.added,
    },
    { name: 'coalesce.flush.category8.1023', median: flush.worker, unit: 'ms', bits: BITS },
    { name: 'coalesce.flush.category8.1023.thread', median: flush.thread, unit: 'ms', bits: BITS },
  ];
}

/** @param {string} kid @param {import('../dist/src/plan/plan.js').Measurement[]} measurements */
function coalescedPlan(kid, measurements) {
  const { plan } = makePlan(kid, measurements);
  const reports = plan.reports.map((report) => ({
    ...report,
    mode: /** @type {const} */ ('coalesced'),
    spanBounds: [SPAN_BOUND],
  }));
  return compilePlan({ ...plan, reports });
}

/**
 * Microseconds of `span.end()` with a processor that does nothing, and what the sealing one in front adds. Flushes that fill up are not sealed in these rounds: no randomness comes.
 * @param {import('../dist/src/plan/compile.js').CompiledPlan} plan
 * @param {import('../dist/src/paillier/public-key.js').PublicKey} key
 * @param {string} name
 */
function endMicros(plan, key, name) {
  const pairSource = () => ({ compute: () => new Promise(() => undefined), close: () => Promise.resolve() });
  const processor = new EncryptingSpanProcessor(IDLE, { plan, publicKeys: [key], pairSource, queueLimit: 1 });
  const tracers = [IDLE, processor].map((own) => new BasicTracerProvider({ spanProcessors: [own] }).getTracer('bench'));
  /** @type {number[][]} */
  const times = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    tracers.forEach((tracer, which) => {
      const spans = Array.from({ length: SPANS }, (_, index) => startSpan(tracer, name, index));
      const start = performance.now();
      for (const span of spans) span.end();
      times[which]?.push(((performance.now() - start) * 1000) / SPANS);
    });
  }
  const [plain = 0, behind = 0] = times.map(median);
  return { plain, added: behind - plain };
}

/** @type {import('@opentelemetry/sdk-trace-base').SpanProcessor} */
const IDLE = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/**
 * A span of an HTTP server: ten attributes of its own and the two that are measured.
 * @param {import('@opentelemetry/api').Tracer} tracer @param {string} name @param {number} index
 */
function startSpan(tracer, name, index) {
  return tracer.startSpan(name, {
    attributes: {
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
    },
  });
}

/**
 * Milliseconds of one envelope over 1023 spans: its randomness on the worker, its seal on the application's
 * thread.
 * @param {import('../dist/src/paillier/public-key.js').PublicKey} key
 */
function flushMillis(key) {
  const bench = new BenchSealer(coalescedPlan(key.kid, [CATEGORY8]), key);
  const { report, sealer } = bench;
  const { obfuscators, masks } = sealer.demand(report, SPAN_BOUND);
  const members = report.measurements.map((measurement) =>
    coalescedMembers(
      measurement,
      SPAN_BOUND,
      measurement.slots.map((_, slot) => BigInt(100 + slot)),
    ),
  );
  const records = () => ({ obfuscators: bench.take('obfuscator', obfuscators), masks: bench.take('mask', masks) });
  const worker = medianMillis({ calls: 3, run: records });
  const thread = medianMillis({
    calls: 10,
    prepare: () => Array.from({ length: 10 }, records),
    run: (prepared, call) =>
      sealer.seal(
        { report, windowStart: 60, labels: [], members, spanBound: SPAN_BOUND },
        prepared[call] ?? records(),
        systemRandom,
      ),
  });
  return { worker, thread };
}
