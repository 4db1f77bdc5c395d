/**
 * Ready-made wiring: sealing processor, the SDK's batches, the standard OTLP/HTTP exporter. A subpath of its
 * own, because it is the one part that loads the SDK.
 */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { PublicKey } from '../src/paillier/public-key.js';
import type { CompiledPlan } from '../src/plan/compile.js';
import { spanBoundsOf } from '../src/plan/layout.js';
import { envelopeBytes } from '../src/wire/envelope.js';
import { DrainingProcessor } from './draining-processor.js';
import { EncryptingSpanProcessor } from './encrypting-span-processor.js';
import { InFlightExporter } from './in-flight-exporter.js';
import { openPlan, selectKey, type EncryptingSpanProcessorOptions } from './processor-options.js';

type OtlpOptions = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;
/** An enum of two strings whose package is not a dependency of its users. */
type CompressionAlgorithm = NonNullable<OtlpOptions['compression']>;

export interface SealedSpanProcessorOptions extends EncryptingSpanProcessorOptions {
  /** Where traces go, for example `http://localhost:4318/v1/traces`, the default. */
  readonly url?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `none`. */
  readonly compression?: 'gzip' | 'none';
  /** For one export with its retries, in milliseconds. Default 10,000. */
  readonly timeoutMillis?: number;
  /** Most stripped spans that wait to be exported; later ones are dropped by the SDK. Default 2048. */
  readonly maxQueueSize?: number;
  /** Pause between two exports, in milliseconds. Default 5,000. */
  readonly scheduledDelayMillis?: number;
}

/** A batch stays below this, so that with the rest of its spans it passes the collector's 4 MiB. */
const BATCH_BYTES = 3_000_000;
const LARGEST_BATCH = 512;
const DEFAULT_QUEUE_SIZE = 2048;

/**
 * The span processor to give to a tracer provider: seals by the plan and exports over OTLP/HTTP. Its
 * forceFlush and shutdown resolve when every span has been answered for. Throws what
 * `EncryptingSpanProcessor` throws.
 */
export function createSealedSpanProcessor(options: SealedSpanProcessorOptions): EncryptingSpanProcessor {
  const plan = openPlan(options.plan);
  const maxQueueSize = options.maxQueueSize ?? DEFAULT_QUEUE_SIZE;
  const maxExportBatchSize = Math.min(batchSize(plan, selectKey(plan, options.publicKeys)), maxQueueSize);
  const exporter = new InFlightExporter(
    new OTLPTraceExporter(otlpOptions(options)),
    Math.ceil(maxQueueSize / maxExportBatchSize),
  );
  const batches = new BatchSpanProcessor(exporter, {
    maxQueueSize,
    maxExportBatchSize,
    ...(options.scheduledDelayMillis !== undefined && { scheduledDelayMillis: options.scheduledDelayMillis }),
  });
  return new EncryptingSpanProcessor(new DrainingProcessor(batches, exporter), { ...options, plan });
}

/** Spans in a batch: as many of the plan's largest envelopes as fit, 1 to 512. */
export function batchSize(plan: CompiledPlan, key: PublicKey): number {
  const sizes = plan.reports.flatMap((report) =>
    spanBoundsOf(report).map((spanBound) => Math.ceil((envelopeBytes(key, report, spanBound) * 4) / 3)),
  );
  const largest = Math.max(...sizes);
  return Math.max(1, Math.min(LARGEST_BATCH, Math.floor(BATCH_BYTES / largest)));
}

function otlpOptions({ url, headers, compression, timeoutMillis }: SealedSpanProcessorOptions): OtlpOptions {
  return {
    ...(url !== undefined && { url }),
    ...(headers !== undefined && { headers: { ...headers } }),
    ...(compression !== undefined && { compression: compression as unknown as CompressionAlgorithm }),
    ...(timeoutMillis !== undefined && { timeoutMillis }),
  };
}
