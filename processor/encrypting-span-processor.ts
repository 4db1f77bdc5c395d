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
import { systemClock } from '../src/clock.js';
import { systemRandom } from '../src/random.js';
import { ENVELOPE_ATTRIBUTE } from '../src/wire/envelope.js';
import type { CapturedSpan } from './captured-span.js';
import { Coalescer, type Flush } from './coalescer.js';
import { isAlreadySealed, perSpanContribution, SpanClassifier, type ClassifiedSpan } from './contribution.js';
import type { ContributionGate } from './contribution-gate.js';
import { ContributionSealer, type Carrier, type SealResult } from './contribution-sealer.js';
import { createContributionGate } from './create-contribution-gate.js';
import { FlushSpan } from './flush-span.js';
import { logWarning } from './log.js';
import { PairWorkerClient } from './pair-worker-client.node.js';
import { resolveOptions, type EncryptingSpanProcessorOptions, type ProcessorSettings } from './processor-options.js';
import { ProcessorStats, type DropReason, type ProcessorSnapshot } from './processor-stats.js';
import { SelfMetrics } from './self-metrics.js';
import { SpanStripper, type StrippedSpan } from './span-stripper.js';
import type { SpanView } from './span-view.js';
import type { VisitOutcome } from './visit.js';

/** Results without an envelope that lose nothing. */
const PLAIN_RESULTS = ['coalesced', 'stripped', 'untouched'] as const;
type PlainResult = (typeof PLAIN_RESULTS)[number];

export class EncryptingSpanProcessor implements SpanProcessor {
  readonly #inner: SpanProcessor;
  readonly #settings: ProcessorSettings;
  readonly #stripper: SpanStripper;
  readonly #classifier: SpanClassifier;
  /** Key of the attribute that tells subjects apart; `undefined` where the plan's unit is the event. */
  readonly #subject: string | undefined;
  readonly #gate: ContributionGate;
  readonly #sealer: ContributionSealer;
  readonly #coalescer = new Coalescer();
  readonly #flushTimer: ReturnType<typeof startTimer>;
  /** Spans that wait in a flush, by the span it travels on. */
  readonly #flushed = new WeakMap<object, number>();
  readonly #stats = new ProcessorStats();
  readonly #metrics: SelfMetrics;
  readonly #warned = new Set<string>();
  #isOnEndingCalled = false;
  #shutdown: Promise<void> | undefined;

  /**
   * Starts to compute randomness at once. Throws `invalid_argument`, `invalid_key`, `invalid_plan` or
   * `untrusted_plan` for options that cannot work; nothing throws later.
   */
  constructor(inner: SpanProcessor, options: EncryptingSpanProcessorOptions) {
    this.#inner = inner;
    this.#settings = resolveOptions(options);
    const { plan, key, scrubMinimumLength } = this.#settings;
    this.#stripper = new SpanStripper(plan, scrubMinimumLength);
    this.#classifier = new SpanClassifier(plan.plan, plan.reports);
    this.#subject = plan.plan.privacy.bounds?.subject;
    this.#gate = createContributionGate(
      {
        plan: plan.plan,
        clock: systemClock,
        store: this.#settings.contributionStore,
        counterLimit: this.#settings.contributionCounterLimit,
        queueLimit: this.#settings.queueLimit,
      },
      (outcome, report) => this.#noteVisit(outcome, report),
    );
    const source = options.pairSource?.(key) ?? new PairWorkerClient(key);
    this.#sealer = new ContributionSealer(this.#settings, source, (view, result, error) =>
      this.#finish(view, result, error),
    );
    this.#metrics = new SelfMetrics(() => this.stats());
    this.#flushTimer = startTimer(() => this.flush(), this.#settings.flushMillis);
  }

  /** Resolves once the pool of randomness has been full; rejects with `unavailable` where none can be computed. */
  ready(): Promise<void> {
    return this.#sealer.ready();
  }

  /** Counts since the start, for the application's own eyes: the value outcomes are exact. */
  stats(): ProcessorSnapshot {
    return this.#stats.snapshot(this.#sealer.queueSize, this.#sealer.poolSize);
  }

  onStart(span: Span, parentContext: Context): void {
    try {
      this.#metrics.attach();
      this.#inner.onStart(span, parentContext);
    } catch (error) {
      this.#warnOnce('the inner processor threw in onStart', error);
    }
  }

  /** Takes the values off the live span, so that nobody after this processor sees them. */
  onEnding(span: Span): void {
    this.#isOnEndingCalled = true;
    try {
      this.#stripper.protect(span);
    } catch (error) {
      this.#stats.unprotected += 1;
      this.#warnOnce('a span could not be redacted while it ended, it is stripped afterwards', error);
    }
    try {
      this.#inner.onEnding?.(span);
    } catch (error) {
      this.#warnOnce('the inner processor threw in onEnding', error);
    }
  }

  onEnd(span: ReadableSpan): void {
    let stripped: StrippedSpan | undefined;
    try {
      if (!this.#isOnEndingCalled) this.#noteUnprotected();
      stripped = this.#stripper.strip(span);
    } catch (error) {
      this.#drop('view_failed', error);
      return;
    }
    try {
      if (stripped === undefined) this.#finish(span, 'untouched');
      else this.#contribute(stripped);
    } catch (error) {
      this.#finish(stripped?.view ?? span, 'seal_failed', error);
    }
  }

  /**
   * Seals the totals added up so far. Runs by itself every `flushMillis`, on forceFlush and on shutdown; call it
   * where the process may be about to end, for example when a page is hidden. Never throws.
   */
  flush(): void {
    for (let flush = this.#coalescer.takeFirst(); flush !== undefined; flush = this.#coalescer.takeFirst()) {
      this.#submitFlush(flush);
    }
  }

  /**
   * Seals and hands on every span that waits now, then flushes the inner processor. What has no randomness
   * after `drainTimeoutMillis` goes on without its contribution. Rejects only where the inner flush does.
   */
  async forceFlush(): Promise<void> {
    if (this.#shutdown !== undefined) return this.#shutdown;
    await this.#gate.drain(this.#settings.drainTimeoutMillis);
    this.flush();
    await this.#sealer.drain(this.#settings.drainTimeoutMillis);
    await this.#inner.forceFlush();
  }

  /** Drains as forceFlush does, forgets all randomness, shuts the inner processor down. Happens once. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#close();
    return this.#shutdown;
  }

  async #close(): Promise<void> {
    clearInterval(this.#flushTimer);
    try {
      await this.#gate.drain(this.#settings.drainTimeoutMillis);
      this.flush();
      await this.#sealer.drain(this.#settings.drainTimeoutMillis);
      await this.#sealer.close();
    } finally {
      await this.#inner.shutdown();
    }
  }

  #contribute(stripped: StrippedSpan): void {
    const { view, captured, report } = stripped;
    if (report === undefined) {
      this.#finish(view, 'stripped');
    } else if (this.#shutdown !== undefined) {
      this.#finish(view, 'shutdown');
    } else if (
      isAlreadySealed(report, captured) ||
      this.#isSubjectTaken(captured) ||
      ENVELOPE_ATTRIBUTE in view.attributes
    ) {
      this.#finish(view, 'already_sealed');
    } else {
      const classified = this.#classifier.classify(report, captured, view.endTime);
      const subject = this.#subject === undefined ? undefined : captured.valueOf(this.#subject);
      const isCoalesced = report.report.mode === 'coalesced';
      if (isCoalesced) this.#finish(view, 'coalesced');
      this.#gate.submit(classified, subject, (counted) => {
        if (isCoalesced) this.#addUp(counted, view);
        else this.#seal(counted, view);
      });
    }
  }

  #seal(classified: ClassifiedSpan, view: SpanView): void {
    try {
      this.#countOutcomes(classified);
      this.#sealer.submit(view, perSpanContribution(classified));
    } catch (error) {
      this.#finish(view, 'seal_failed', error);
    }
  }

  /** The span itself has gone on. */
  #addUp(classified: ClassifiedSpan, { resource }: SpanView): void {
    try {
      this.#countOutcomes(classified);
      const full = this.#coalescer.add(classified, resource);
      if (full !== undefined) this.#submitFlush(full);
    } catch (error) {
      this.#drop('seal_failed', error);
    }
  }

  /** Another sealing processor got hold of the subject first: all its spans would be one subject's. */
  #isSubjectTaken(captured: CapturedSpan): boolean {
    return this.#subject !== undefined && captured.isTaken(this.#subject);
  }

  #submitFlush({ contribution, spans, resource }: Flush): void {
    try {
      const totals = contribution();
      const carrier = new FlushSpan(resource, totals.windowStart, systemRandom);
      this.#flushed.set(carrier, spans);
      this.#sealer.submit(carrier, totals);
    } catch (error) {
      this.#drop('seal_failed', error, spans);
    }
  }

  /** Every span comes here once: handed on and counted. */
  #finish(span: Carrier | ReadableSpan, result: SealResult | PlainResult, error?: unknown): void {
    const spans = this.#flushed.get(span) ?? 1;
    try {
      // A flush span without its envelope says nothing: it is not handed on.
      if (!(span instanceof FlushSpan) || result === 'sealed') this.#inner.onEnd(span);
    } catch (innerError) {
      this.#drop('inner_failed', innerError, spans);
      return;
    }
    if (result === 'sealed' && span instanceof FlushSpan) this.#stats.flushes += 1;
    else if (isPlain(result) || result === 'sealed') this.#stats[result] += 1;
    else this.#drop(result, error, spans);
  }

  #drop(reason: DropReason, error: unknown, spans = 1): void {
    this.#stats.dropped[reason] += spans;
    this.#warnOnce(`a contribution was lost (${reason}); further ones are only counted`, error);
  }

  #countOutcomes({ report, values }: ClassifiedSpan): void {
    values.forEach(({ outcome }, index) => {
      this.#stats.values[outcome] += 1;
      if (outcome !== 'wrong_type' && outcome !== 'undeclared') return;
      const name = report.measurements[index]?.measurement.name ?? '';
      this.#warnOnce(`measurement ${name} met a value it has no place for (${outcome}), which counts as absent`);
    });
  }

  #noteVisit(outcome: VisitOutcome, report: string): void {
    this.#stats.visits[outcome] += 1;
    if (outcome === 'no_subject') {
      this.#warnOnce(`spans of report ${report} name no subject (a text or a number), and count as absent`);
    } else if (outcome === 'too_many_subjects') {
      this.#warnOnce('more subjects than contributionCounterLimit: new ones count as absent until the next period');
    }
  }

  #noteUnprotected(): void {
    this.#stats.unprotected += 1;
    this.#warnOnce(
      'THIS SDK DOES NOT CALL onEnding: other span processors see the values this plan seals. Use ' +
        '@opentelemetry/sdk-trace-base 2.3.0 or later, or pass the other processors to EncryptingSpanProcessor as its inner one',
    );
  }

  /** Names the kind of error only: its message could quote a value. */
  #warnOnce(message: string, error?: unknown): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    logWarning(`${message}${error instanceof Error ? ` [${error.name}]` : ''}`);
  }
}

function isPlain(result: SealResult | PlainResult): result is PlainResult {
  return PLAIN_RESULTS.some((plain) => plain === result);
}

/** Does not keep a finished application alive. */
function startTimer(run: () => void, millis: number): ReturnType<typeof setInterval> {
  const timer = setInterval(run, millis);
  // A number in browsers.
  if (typeof timer === 'object') timer.unref();
  return timer;
}
