/** The way to the inner processor: every span takes it once, and is counted by what became of it. */
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Carrier, SealResult } from './contribution-sealer.js';
import { FlushSpan } from './flush-span.js';
import type { DropReason, ProcessorStats } from './processor-stats.js';
import type { Warnings } from './warnings.js';

/** Results without an envelope that lose nothing. */
type PlainResult = 'coalesced' | 'stripped' | 'untouched';

export class HandOver {
  readonly #inner: SpanProcessor;
  readonly #stats: ProcessorStats;
  readonly #warnings: Warnings;
  /** Spans that were added up, by the span their totals travel on. SECRET. */
  readonly #addedUp = new WeakMap<FlushSpan, number>();

  constructor(inner: SpanProcessor, stats: ProcessorStats, warnings: Warnings) {
    this.#inner = inner;
    this.#stats = stats;
    this.#warnings = warnings;
  }

  /** Says how many spans are lost if this one is. */
  expect(flushSpan: FlushSpan, spans: number): void {
    this.#addedUp.set(flushSpan, spans);
  }

  /** Hands a span on and counts it. Never throws. */
  finish(span: Carrier | ReadableSpan, result: SealResult | PlainResult, error?: unknown): void {
    if (span instanceof FlushSpan) {
      this.#finishFlush(span, result, error);
      return;
    }
    if (!this.#handOn(span, 1)) return;
    if (result === 'coalesced') this.#stats.coalesced += 1;
    else if (isPlain(result) || result === 'sealed') this.#stats[result] += 1;
    else this.drop(result, error);
  }

  drop(reason: DropReason, error: unknown, spans = 1): void {
    this.#stats.dropped[reason] += spans;
    this.#warnings.once(`a contribution was lost (${reason}); further ones are only counted`, error);
  }

  /** One without its envelope says nothing: it is not handed on. */
  #finishFlush(span: FlushSpan, result: SealResult | PlainResult, error: unknown): void {
    const spans = this.#addedUp.get(span) ?? 1;
    if (result === 'sealed') this.#stats.flushes += this.#handOn(span, spans) ? 1 : 0;
    else if (!isPlain(result)) this.drop(result, error, spans);
  }

  /** Whether the inner processor took it. */
  #handOn(span: ReadableSpan, spans: number): boolean {
    try {
      this.#inner.onEnd(span);
      return true;
    } catch (error) {
      this.drop('inner_failed', error, spans);
      return false;
    }
  }
}

function isPlain(result: SealResult | PlainResult): result is PlainResult {
  return result === 'coalesced' || result === 'stripped' || result === 'untouched';
}
