/** A receiver's ingest path for tests: the real pipeline on a real store, proofs checked in the same thread. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { Capacity } from '../../src/receiver/capacity.js';
import { IngestCounters } from '../../src/receiver/ingest-counters.js';
import { IngestPipeline } from '../../src/receiver/ingest.js';
import { DEFAULT_LIMITS, type ReceiverLimits } from '../../src/receiver/limits.js';
import type { TransportOptions } from '../../src/receiver/transport.js';
import { systemRandom } from '../../src/random.js';
import { createLogger } from '../../src/service/logger.js';
import { ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';

export const key = testPrivateKey().publicKey;
export const plan = testPlan();
export const WINDOW = 1_800_000_000;
export const logger = createLogger('test', 'silent');

type ExporterOptions = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;
/** For the official exporters' `compression`. */
export const GZIP = 'gzip' as unknown as NonNullable<ExporterOptions['compression']>;

const sealers = new Map<CompiledPlan, TestSealer>();

/** A fresh valid envelope: flag true, no category, first region. */
export function envelope(windowStart = WINDOW, region = 0, of: CompiledPlan = plan): string {
  const sealer = sealers.get(of) ?? new TestSealer(of, key);
  sealers.set(of, sealer);
  return sealer.seal({ report: of.reports[0]!, windowStart, labels: [region], members: [[1], [0]] });
}

export interface Harness {
  /** Unix seconds; tests move it. */
  now: number;
  readonly store: SqliteStore;
  readonly counters: IngestCounters;
  readonly pipeline: IngestPipeline;
  readonly transport: TransportOptions;
  /** Envelopes of every verification task so far. */
  readonly tasks: number[];
  /** Tasks that were given to verification and are not answered, now and at most. */
  waiting(): number;
  mostAtOnce(): number;
  /** While set, verification waits for it. */
  gate: Promise<void> | undefined;
  close(): Promise<void>;
}

export async function createHarness(limits: Partial<ReceiverLimits> = {}): Promise<Harness> {
  const folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-receiver-'));
  const store = SqliteStore.open(join(folder, 'receiver.sqlite'), [key]);
  await store.openReport({ planHash: plan.hashText, report: 0 }, WINDOW - 600);
  await store.markAlive(WINDOW);
  const verifier = new EnvelopeVerifier([plan], [key]);
  const counters = new IngestCounters();
  const effective = { ...DEFAULT_LIMITS, drainTimeoutMillis: 2000, ...limits };
  let waiting = 0;
  let mostAtOnce = 0;
  const pipeline = new IngestPipeline({
    plans: [plan],
    keys: [key],
    verification: {
      verify: async (envelopes) => {
        waiting += 1;
        mostAtOnce = Math.max(mostAtOnce, waiting);
        try {
          await harness.gate;
          harness.tasks.push(envelopes.length);
          return verifier.verifyMany(envelopes, systemRandom);
        } finally {
          waiting -= 1;
        }
      },
    },
    store,
    clock: () => harness.now * 1000,
    counters,
    limits: effective,
  });
  const transport: TransportOptions = {
    address: { host: '127.0.0.1', port: 0 },
    ingest: (request, source) => pipeline.ingest(request, source),
    inFlightBytes: new Capacity(effective.maxInFlightBytes),
    counters,
    limits: effective,
    logger,
  };
  const close = async (): Promise<void> => {
    await store.close().catch(() => undefined);
    rmSync(folder, { recursive: true });
  };
  const harness: Harness = {
    now: WINDOW + 1,
    tasks: [],
    waiting: () => waiting,
    mostAtOnce: () => mostAtOnce,
    store,
    counters,
    pipeline,
    transport,
    gate: undefined,
    close,
  };
  return harness;
}

/** An OTLP request with one span per envelope. */
export function requestWith(...envelopes: string[]): object {
  const spans = envelopes.map((text) => ({
    name: 'checkout',
    attributes: [{ key: ENVELOPE_ATTRIBUTE, value: { stringValue: text } }],
  }));
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
}

/** Sends spans through an official exporter, as an application does; resolves when it has flushed. */
export async function exportSpans(exporter: SpanExporter, envelopes: readonly string[]): Promise<void> {
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  const tracer = provider.getTracer('test');
  for (const text of envelopes) tracer.startSpan('checkout', { attributes: { [ENVELOPE_ATTRIBUTE]: text } }).end();
  tracer.startSpan('without an envelope').end();
  await provider.forceFlush();
  await provider.shutdown();
}

/** A promise and the way to resolve it. */
export function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Resolves when the condition holds; the test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
