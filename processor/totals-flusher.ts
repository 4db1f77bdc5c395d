/**
 * Adds up spans of coalesced reports and has the totals sealed: when they are full, every `flushMillis`, and when asked.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { bufferedRandom, systemRandom } from '../src/random.js';
import { Coalescer, type Flush } from './coalescer.js';
import type { ClassifiedSpan } from './contribution.js';
import type { ContributionSealer } from './contribution-sealer.js';
import { FlushSpan } from './flush-span.js';
import type { HandOver } from './hand-over.js';

export class TotalsFlusher {
  readonly #coalescer = new Coalescer();
  readonly #sealer: ContributionSealer;
  readonly #handOver: HandOver;
  readonly #random = bufferedRandom(systemRandom);
  readonly #timer: ReturnType<typeof startTimer>;

  constructor(sealer: ContributionSealer, handOver: HandOver, flushMillis: number) {
    this.#sealer = sealer;
    this.#handOver = handOver;
    this.#timer = startTimer(() => this.flush(), flushMillis);
  }

  add(span: ClassifiedSpan, resource: ReadableSpan['resource']): void {
    const full = this.#coalescer.add(span, resource);
    if (full !== undefined) this.#submit(full);
  }

  /** Submits everything added up so far. Never throws. */
  flush(): void {
    for (let flush = this.#coalescer.takeFirst(); flush !== undefined; flush = this.#coalescer.takeFirst()) {
      this.#submit(flush);
    }
  }

  /** No more flushes but those that are asked for. */
  stopTimer(): void {
    clearInterval(this.#timer);
  }

  #submit({ contribution, spans, resource }: Flush): void {
    try {
      const totals = contribution();
      const carrier = new FlushSpan(resource, totals.windowStart, this.#random);
      this.#handOver.expect(carrier, spans);
      this.#sealer.submit(carrier, totals);
    } catch (error) {
      this.#handOver.drop('seal_failed', error, spans);
    }
  }
}

/** Does not keep a finished application alive. */
function startTimer(run: () => void, millis: number): ReturnType<typeof setInterval> {
  const timer = setInterval(run, millis);
  // A number in browsers.
  if (typeof timer === 'object') timer.unref();
  return timer;
}
