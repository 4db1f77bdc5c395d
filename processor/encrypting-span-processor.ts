/**
 * The span processor that stands in front of an inner one: takes sealed values out of every span that ends,
 * seals them where the span belongs to a report, and hands on a view of the span. Nothing it does throws
 * into `span.end()` or blocks; whatever fails, the values stay behind.
 *
 * Put other processors behind this one, as `inner`, or register this one first: in onEnding it overwrites
 * the values on the live span as well, which protects processors that run later.
 */
import type { Context } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { ContributionNotes } from './contribution-notes.js';
import { HandOver } from './hand-over.js';
import { PairWorkerClient } from './pair-worker-client.node.js';
import { resolveOptions, type EncryptingSpanProcessorOptions } from './processor-options.js';
import { ProcessorStats, type ProcessorSnapshot } from './processor-stats.js';
import { SelfMetrics } from './self-metrics.js';
import { SpanContributions } from './span-contributions.js';
import { SpanStripper, type StrippedSpan } from './span-stripper.js';
import { Warnings } from './warnings.js';

export class EncryptingSpanProcessor implements SpanProcessor {
  readonly #inner: SpanProcessor;
  readonly #stripper: SpanStripper;
  readonly #contributions: SpanContributions;
  readonly #handOver: HandOver;
  readonly #stats = new ProcessorStats();
  readonly #metrics: SelfMetrics;
  readonly #warnings = new Warnings();
  #isOnEndingCalled = false;
  #shutdown: Promise<void> | undefined;

  /**
   * Starts to compute randomness at once. Throws `invalid_argument`, `invalid_key`, `invalid_plan` or
   * `untrusted_plan` for options that cannot work; nothing throws later.
   */
  constructor(inner: SpanProcessor, options: EncryptingSpanProcessorOptions) {
    const settings = resolveOptions(options);
    const { plan, key, scrubMinimumLength } = settings;
    this.#inner = inner;
    this.#stripper = new SpanStripper(plan, scrubMinimumLength);
    this.#handOver = new HandOver(inner, this.#stats, this.#warnings);
    const source = options.pairSource?.(key) ?? new PairWorkerClient(key);
    const notes = new ContributionNotes(this.#stats, this.#warnings);
    this.#contributions = new SpanContributions(settings, source, this.#handOver, notes);
    this.#metrics = new SelfMetrics(() => this.stats());
  }

  /** Resolves once the pool of randomness has been full; rejects with `unavailable` where none can be computed. */
  ready(): Promise<void> {
    return this.#contributions.ready();
  }

  /** Counts since the start, for the application's own eyes: the value outcomes are exact. */
  stats(): ProcessorSnapshot {
    return this.#stats.snapshot(this.#contributions.queueSize, this.#contributions.poolSize);
  }

  onStart(span: Span, parentContext: Context): void {
    try {
      this.#metrics.attach();
      this.#inner.onStart(span, parentContext);
    } catch (error) {
      this.#warnings.once('the inner processor threw in onStart', error);
    }
  }

  /** Takes the values off the live span, so that nobody after this processor sees them. */
  onEnding(span: Span): void {
    this.#isOnEndingCalled = true;
    try {
      this.#stripper.protect(span);
    } catch (error) {
      this.#stats.unprotected += 1;
      this.#warnings.once('a span could not be redacted while it ended, it is stripped afterwards', error);
    }
    try {
      this.#inner.onEnding?.(span);
    } catch (error) {
      this.#warnings.once('the inner processor threw in onEnding', error);
    }
  }

  onEnd(span: ReadableSpan): void {
    let stripped: StrippedSpan | undefined;
    try {
      if (!this.#isOnEndingCalled) this.#noteUnprotected();
      stripped = this.#stripper.strip(span);
    } catch (error) {
      this.#handOver.drop('view_failed', error);
      return;
    }
    try {
      if (stripped === undefined) this.#handOver.finish(span, 'untouched');
      else this.#contributions.contribute(stripped, this.#shutdown !== undefined);
    } catch (error) {
      this.#handOver.finish(stripped?.view ?? span, 'seal_failed', error);
    }
  }

  /**
   * Seals the totals added up so far. Runs by itself every `flushMillis`, on forceFlush and on shutdown; call it
   * where the process may be about to end, for example when a page is hidden. Never throws.
   */
  flush(): void {
    this.#contributions.flush();
  }

  /**
   * Seals and hands on every span that waits now, then flushes the inner processor. What has no randomness
   * after `drainTimeoutMillis` goes on without its contribution. Rejects only where the inner flush does.
   */
  async forceFlush(): Promise<void> {
    if (this.#shutdown !== undefined) return this.#shutdown;
    await this.#contributions.drain();
    await this.#inner.forceFlush();
  }

  /** Drains as forceFlush does, forgets all randomness, shuts the inner processor down. Happens once. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#close();
    return this.#shutdown;
  }

  async #close(): Promise<void> {
    try {
      await this.#contributions.close();
    } finally {
      await this.#inner.shutdown();
    }
  }

  #noteUnprotected(): void {
    this.#stats.unprotected += 1;
    this.#warnings.once(
      'THIS SDK DOES NOT CALL onEnding: other span processors see the values this plan seals. Use ' +
        '@opentelemetry/sdk-trace-base 2.3.0 or later, or pass the other processors to EncryptingSpanProcessor as its inner one',
    );
  }
}
