/**
 * A batching span processor whose flush and shutdown also wait for exports that were already under way: the
 * SDK's own only wait for the batches they start.
 */
import type { Context } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';

export class DrainingProcessor implements SpanProcessor {
  readonly #batches: SpanProcessor;
  readonly #exporter: Required<SpanExporter>;
  /** The last resource still being detected: a batch waits for it before it reaches the exporter. */
  #pendingResource: ReadableSpan['resource'] | undefined;

  /** `batches` must export through `exporter`. */
  constructor(batches: SpanProcessor, exporter: Required<SpanExporter>) {
    this.#batches = batches;
    this.#exporter = exporter;
  }

  onStart(span: Span, parentContext: Context): void {
    this.#batches.onStart(span, parentContext);
  }

  onEnd(span: ReadableSpan): void {
    if (span.resource.asyncAttributesPending === true) this.#pendingResource = span.resource;
    this.#batches.onEnd(span);
  }

  /** Rejects where an export failed, after all have been answered. */
  async forceFlush(): Promise<void> {
    await this.#resourceDetected();
    try {
      await this.#batches.forceFlush();
    } finally {
      await this.#exporter.forceFlush();
    }
  }

  async shutdown(): Promise<void> {
    await this.#resourceDetected();
    try {
      await this.#batches.shutdown();
    } finally {
      await this.#exporter.shutdown();
    }
  }

  /** Also lets the batches that waited for it reach the exporter, which happens a few microtasks later. */
  async #resourceDetected(): Promise<void> {
    if (this.#pendingResource === undefined) return;
    await this.#pendingResource.waitForAsyncAttributes?.().catch(() => undefined);
    this.#pendingResource = undefined;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
