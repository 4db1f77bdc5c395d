/**
 * What a span held before its sealed values were taken out. SECRET: lives from onEnding to onEnd of one
 * span, in private fields only.
 */
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { CompiledReport } from '../src/plan/compile.js';
import type { Label } from '../src/plan/plan.js';
import { SEALED, SealedTexts } from './sealed-texts.js';
import type { SpanSelection } from './span-selection.js';
import { UnhiddenSpan } from './unhidden-span.js';

const NOTHING = new SealedTexts(1);

export class CapturedSpan {
  /** Decided before the name is redacted. */
  readonly report: CompiledReport | undefined;
  /** Indices into the report's labels' values. */
  readonly labels: readonly number[];
  readonly #texts: SealedTexts;
  readonly #keys: ReadonlySet<string>;
  readonly #values = new Map<string, unknown>();
  #unhidden: UnhiddenSpan | undefined;
  /** What other sealing processors had overwritten before. */
  readonly #overwritten: ReadonlySet<string> | undefined;

  /**
   * `texts`: empty, takes the sealed texts of the span. `overwritten`: keys whose values another sealing processor
   * may have taken.
   */
  constructor(
    span: ReadableSpan,
    selection: SpanSelection,
    texts: SealedTexts,
    overwritten: ReadonlySet<string> | undefined,
  ) {
    this.report = selection.reportOf(span);
    this.labels = this.report?.labels.map((label) => labelIndex(label, span.attributes[label.key])) ?? [];
    this.#texts = texts;
    this.#keys = selection.keys;
    this.#overwritten = overwritten;
    this.#add(span);
    this.#unhidden = UnhiddenSpan.of(span, this.#keys, this.#texts);
  }

  /** Value of a selected attribute, as the application set it. */
  valueOf(key: string): unknown {
    return this.#values.get(key);
  }

  /** Whether another sealing processor got hold of this attribute first: it would be counted twice. */
  isTaken(key: string): boolean {
    return this.#overwritten !== undefined && this.#overwritten.has(key) && this.#values.get(key) === SEALED;
  }

  /** What to search for in the rest of the span. */
  get texts(): SealedTexts {
    return this.#unhidden === undefined ? this.#texts : NOTHING;
  }

  /** Adds what has been set since the span was overwritten. */
  complete(span: ReadableSpan): void {
    if (this.#unhidden?.isStill(span) === true) return;
    this.#unhidden = undefined;
    this.#add(span);
  }

  /** What was there first is what counts. */
  #add({ attributes, events, links }: ReadableSpan): void {
    for (const key in attributes) {
      if (!this.#keys.has(key)) continue;
      const value = attributes[key];
      if (!this.#values.has(key)) this.#values.set(key, value);
      this.#texts.add(value);
    }
    for (const event of events) this.#addTexts(event.attributes);
    for (const link of links) this.#addTexts(link.attributes);
  }

  #addTexts(attributes: Attributes | undefined): void {
    for (const key in attributes) if (this.#keys.has(key)) this.#texts.add(attributes[key]);
  }
}

/** A label travels as text: numbers and booleans by their usual spelling; anything undeclared is `otherwise`. */
function labelIndex({ values, otherwise }: Label, value: unknown): number {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  const index = typeof text === 'string' ? values.indexOf(text) : -1;
  return index >= 0 ? index : values.indexOf(otherwise);
}
