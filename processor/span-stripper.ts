/**
 * Takes sealed values out of spans: on the live span while it is ending, and in the view that is handed on
 * once it has ended. Remembers in between what the live span held.
 */
import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, Span } from '@opentelemetry/sdk-trace-base';
import type { CompiledPlan, CompiledReport } from '../src/plan/compile.js';
import { CapturedSpan } from './captured-span.js';
import { redactInPlace } from './redact-in-place.js';
import { SpanSelection } from './span-selection.js';
import { SpanView } from './span-view.js';

export interface StrippedSpan {
  readonly view: SpanView;
  readonly captured: CapturedSpan;
  /** The report that takes this span; `undefined` where there is none or the span is not sampled. */
  readonly report: CompiledReport | undefined;
  /** Whether there was a selected attribute in it. */
  readonly isTouched: boolean;
}

export class SpanStripper {
  readonly #selection: SpanSelection;
  readonly #scrubMinimumLength: number;
  /** By span context: the one object that a span and any view of it share. */
  readonly #captured = new WeakMap<object, CapturedSpan>();

  constructor(plan: CompiledPlan, scrubMinimumLength: number) {
    this.#selection = new SpanSelection(plan);
    this.#scrubMinimumLength = scrubMinimumLength;
  }

  /** Remembers the sealed values of a span that is ending, then overwrites them on it. */
  protect(span: Span): void {
    if (!this.#selection.isTouched(span)) return;
    const captured = this.#capture(span);
    this.#captured.set(span.spanContext(), captured);
    redactInPlace(span, this.#selection.keys, captured.texts);
  }

  /** `undefined` for a span that may go on as it is: nothing to take out, nothing to contribute. */
  strip(span: ReadableSpan): StrippedSpan | undefined {
    const context = span.spanContext();
    const isSampled = (context.traceFlags & TraceFlags.SAMPLED) !== 0;
    const early = this.#captured.get(context);
    const isTouched = early !== undefined || this.#selection.isTouched(span);
    if (!isTouched && !(isSampled && this.#selection.reportOf(span) !== undefined)) return undefined;

    this.#captured.delete(context);
    const live = this.#capture(span);
    const captured = early?.completedBy(live) ?? live;
    const view = new SpanView(span, this.#selection.keys, captured.texts);
    return { view, captured, report: isSampled ? captured.report : undefined, isTouched };
  }

  #capture(span: ReadableSpan): CapturedSpan {
    return CapturedSpan.of(span, this.#selection, this.#scrubMinimumLength);
  }
}
