/**
 * Takes sealed values out of spans: on the live span while it is ending, and in the view that is handed on
 * once it has ended. Remembers in between what the live span held.
 */
import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, Span } from '@opentelemetry/sdk-trace-base';
import type { CompiledPlan, CompiledReport } from '../src/plan/compile.js';
import { CapturedSpan } from './captured-span.js';
import { noteOverwritten, noteProcessor, overwrittenKeys } from './overwritten-keys.js';
import { redactInPlace } from './redact-in-place.js';
import { SealedTexts } from './sealed-texts.js';
import { SearchedText } from './searched-text.js';
import { SpanSelection } from './span-selection.js';
import { SpanView } from './span-view.js';

export interface StrippedSpan {
  readonly view: SpanView;
  readonly captured: CapturedSpan;
  /** The report that takes this span; `undefined` where there is none or the span is not sampled. */
  readonly report: CompiledReport | undefined;
}

export class SpanStripper {
  readonly #selection: SpanSelection;
  readonly #scrubMinimumLength: number;
  /** Of categories: most sealed texts are one of these. */
  readonly #declared: ReadonlyMap<string, SearchedText>;
  /** By span context: the one object that a span and any view of it share. */
  readonly #captured = new WeakMap<object, CapturedSpan>();

  constructor(plan: CompiledPlan, scrubMinimumLength: number) {
    noteProcessor();
    this.#selection = new SpanSelection(plan);
    this.#scrubMinimumLength = scrubMinimumLength;
    this.#declared = new Map(
      declaredTexts(plan)
        .filter((text) => text.length >= scrubMinimumLength)
        .map((text) => [text, new SearchedText(text, scrubMinimumLength)]),
    );
  }

  /** Remembers the sealed values of a span that is ending, then overwrites them on it. */
  protect(span: Span): void {
    if (!this.#selection.isTouched(span)) return;
    const context = span.spanContext();
    const captured = this.#capture(span);
    this.#captured.set(context, captured);
    noteOverwritten(context, this.#selection.keys);
    redactInPlace(span, this.#selection.keys, captured.texts);
  }

  /** `undefined` for a span that may go on as it is: nothing to take out, nothing to contribute. */
  strip(span: ReadableSpan): StrippedSpan | undefined {
    const context = span.spanContext();
    const isSampled = (context.traceFlags & TraceFlags.SAMPLED) !== 0;
    const early = this.#captured.get(context);
    const isTouched = early !== undefined || this.#selection.isTouched(span);
    if (!isTouched && !(isSampled && this.#selection.reportOf(span) !== undefined)) return undefined;

    if (early !== undefined) {
      this.#captured.delete(context);
      early.complete(span);
    }
    const captured = early ?? this.#capture(span);
    const view = new SpanView(span, this.#selection.keys, captured.texts);
    return { view, captured, report: isSampled ? captured.report : undefined };
  }

  #capture(span: ReadableSpan): CapturedSpan {
    const texts = new SealedTexts(this.#scrubMinimumLength, this.#declared);
    return new CapturedSpan(span, this.#selection, texts, overwrittenKeys(span.spanContext()));
  }
}

function declaredTexts({ reports }: CompiledPlan): string[] {
  return reports.flatMap(({ measurements }) =>
    measurements.flatMap(({ measurement }) => (measurement.kind === 'category' ? measurement.values : [])),
  );
}
