/**
 * Takes sealed values out of spans: on the live span while it is ending, and in the view that is handed on
 * once it has ended. Remembers in between what the live span held.
 */
import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, Span } from '@opentelemetry/sdk-trace-base';
import type { CompiledPlan, CompiledReport } from '../src/plan/compile.js';
import { CapturedSpan } from './captured-span.js';
import { DeclaredTexts } from './declared-texts.js';
import { EndingSpans } from './ending-spans.js';
import { KnownKeys } from './known-keys.js';
import { noteOverwritten, noteProcessor, overwrittenKeys } from './overwritten-keys.js';
import { QuickSearch } from './quick-search.js';
import { redactInPlace } from './redact-in-place.js';
import { redactSpan, type SpanParts } from './redaction.js';
import { SealedTexts } from './sealed-texts.js';
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
  readonly #newTexts: () => SealedTexts;
  readonly #declared: DeclaredTexts;
  readonly #known: KnownKeys;
  readonly #quickSearch: QuickSearch;
  readonly #ending = new EndingSpans();

  constructor(plan: CompiledPlan, scrubMinimumLength: number) {
    noteProcessor();
    this.#selection = new SpanSelection(plan);
    this.#declared = DeclaredTexts.of(plan, scrubMinimumLength);
    this.#newTexts = () => new SealedTexts(scrubMinimumLength, this.#declared);
    this.#known = new KnownKeys(this.#selection.keys, this.#declared);
    this.#quickSearch = new QuickSearch(this.#known);
  }

  /** Remembers the sealed values of a span that is ending, then overwrites them on it. */
  protect(span: Span): void {
    const captured = this.#capture(span);
    if (captured === undefined) return;
    const context = span.spanContext();
    this.#ending.add(context, captured);
    noteOverwritten(context, this.#selection.keys);
    captured.checked = this.#quickSearch.check(span, captured.undeclaredTexts);
    if (captured.checked !== undefined) captured.overwriteIn(span);
    else redactInPlace(span, this.#selection.keys, captured.texts);
  }

  /** `undefined` for a span that may go on as it is: nothing to take out, nothing to contribute. */
  strip(span: ReadableSpan): StrippedSpan | undefined {
    const context = span.spanContext();
    const isSampled = (context.traceFlags & TraceFlags.SAMPLED) !== 0;
    const early = this.#ending.take(context);
    const captured = early ?? this.#capture(span) ?? (isSampled ? this.#captureForReport(span) : undefined);
    if (captured === undefined) return undefined;
    const view = new SpanView(span, this.#partsOf(span, captured, early !== undefined));
    return { view, captured, report: isSampled ? captured.report : undefined };
  }

  /** `isOverwritten`: whether there has been time since for more to be set. */
  #partsOf(span: ReadableSpan, captured: CapturedSpan, isOverwritten: boolean): SpanParts {
    const parts = this.#quickSearch.partsOf(span, captured.undeclaredTexts, isOverwritten, captured.checked);
    if (parts !== undefined) return parts;
    this.#capture(span, captured);
    return redactSpan(span, { keys: this.#selection.keys, texts: captured.texts, selected: 'omit' });
  }

  /** Everything selected in a span, in addition to what had been captured of it; `undefined` where there is nothing. */
  #capture(span: ReadableSpan, before?: CapturedSpan): CapturedSpan | undefined {
    let captured = before;
    const { attributes } = span;
    let position = 0;
    for (const key in attributes) {
      if (this.#known.isSelected(key, position++)) (captured ??= this.#open(span)).add(key, attributes[key]);
    }
    if (span.events.length > 0) captured = this.#captureTexts(span, span.events, captured);
    return span.links.length > 0 ? this.#captureTexts(span, span.links, captured) : captured;
  }

  #captureTexts(
    span: ReadableSpan,
    items: ReadableSpan['events'] | ReadableSpan['links'],
    before: CapturedSpan | undefined,
  ): CapturedSpan | undefined {
    let captured = before;
    for (const { attributes } of items) {
      for (const key in attributes) {
        if (this.#selection.keys.has(key)) (captured ??= this.#open(span)).texts.add(attributes[key]);
      }
    }
    return captured;
  }

  /** A span without a selected attribute contributes that to its report. */
  #captureForReport(span: ReadableSpan): CapturedSpan | undefined {
    return this.#selection.reportOf(span) === undefined ? undefined : this.#open(span);
  }

  #open(span: ReadableSpan): CapturedSpan {
    const overwritten = overwrittenKeys(span.spanContext());
    return new CapturedSpan(span, this.#selection, this.#declared, this.#newTexts, overwritten);
  }
}
