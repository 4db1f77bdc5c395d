/**
 * A span exporter in front of another that knows what is under way: its flush ends when every export handed
 * to it has been answered. Batches that are flushed all at once go out a few at a time, because the OTLP
 * exporter refuses more than it may have in flight and their spans would be lost.
 */
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

interface WaitingExport {
  readonly spans: ReadableSpan[];
  readonly done: (result: ExportResult) => void;
}

/** Well below the OTLP exporters' own limit of 30. */
const CONCURRENT_EXPORTS = 8;

export class InFlightExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #waitingLimit: number;
  readonly #waiting: WaitingExport[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #shutdown: Promise<void> | undefined;

  /** `waitingLimit`: batches that may wait for their turn; a further one fails at once. */
  constructor(inner: SpanExporter, waitingLimit: number) {
    this.#inner = inner;
    this.#waitingLimit = waitingLimit;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    if (this.#inFlight.size < CONCURRENT_EXPORTS) this.#start({ spans, done });
    else if (this.#waiting.length < this.#waitingLimit) this.#waiting.push({ spans, done });
    else done({ code: ExportResultCode.FAILED, error: new Error('too many batches wait to be exported') });
  }

  /** Never rejects: every export reports its own failure. */
  async forceFlush(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** Once, after everything in flight. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.forceFlush().then(() => this.#inner.shutdown());
    return this.#shutdown;
  }

  #start(next: WaitingExport): void {
    const answered = this.#run(next)
      .then(next.done)
      .catch(() => undefined)
      .finally(() => {
        this.#inFlight.delete(answered);
        const following = this.#waiting.shift();
        if (following !== undefined) this.#start(following);
      });
    this.#inFlight.add(answered);
  }

  #run({ spans }: WaitingExport): Promise<ExportResult> {
    return new Promise<ExportResult>((resolve) => this.#inner.export(spans, resolve)).catch((error: unknown) => ({
      code: ExportResultCode.FAILED,
      error: error instanceof Error ? error : new Error('the exporter threw'),
    }));
  }
}
