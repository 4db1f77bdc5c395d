/**
 * The common case, made cheap: a span in whose other parts nothing sealed hides. It is recognised from what is known of
 * its keys and texts, and needs no search of its own. What may hide something, or would have to be looked for in
 * more than plain texts, is left to the thorough search (redaction.ts).
 */
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { KnownKey, KnownKeys } from './known-keys.js';
import type { SpanParts } from './redaction.js';
import { SEALED, type SealedTexts } from './sealed-texts.js';

export class QuickSearch {
  readonly #keys: KnownKeys;
  /** For the two texts that have no key. */
  readonly #name: KnownKey;
  readonly #message: KnownKey;

  constructor(keys: KnownKeys) {
    this.#keys = keys;
    this.#name = keys.without();
    this.#message = keys.without();
  }

  /** Whether nothing sealed hides in what is not selected. Errs on the other side. */
  isUnhidden(span: ReadableSpan, texts: SealedTexts): boolean {
    const others = texts.areDeclared ? undefined : texts;
    if (!this.#isUnhiddenBeside(span, others)) return false;
    const { attributes } = span;
    let position = 0;
    for (const key in attributes) {
      const known = this.#keys.of(key, position++);
      if (!known.isSelected && !this.#isUnhiddenUnder(known, attributes[key], others)) return false;
    }
    return true;
  }

  /**
   * The parts of a span without its selected attributes; `undefined` where something sealed may hide, or where
   * `isOverwritten` and a selected attribute has been set again.
   */
  partsOf(span: ReadableSpan, texts: SealedTexts, isOverwritten: boolean): SpanParts | undefined {
    const others = texts.areDeclared ? undefined : texts;
    if (!this.#isUnhiddenBeside(span, others)) return undefined;
    const { attributes } = span;
    const unhidden: Attributes = {};
    let position = 0;
    for (const key in attributes) {
      const value = attributes[key];
      const known = this.#keys.of(key, position++);
      if (known.isSelected) {
        if (isOverwritten && value !== SEALED) return undefined;
      } else {
        if (!this.#isUnhiddenUnder(known, value, others)) return undefined;
        unhidden[key] = value;
      }
    }
    const { name, status, parentSpanContext: parentContext } = span;
    return { name, status, context: span.spanContext(), parentContext, attributes: unhidden, links: [], events: [] };
  }

  /** In everything but the attributes. */
  #isUnhiddenBeside(span: ReadableSpan, others: SealedTexts | undefined): boolean {
    return (
      span.events.length === 0 &&
      span.links.length === 0 &&
      span.parentSpanContext?.traceState === undefined &&
      span.spanContext().traceState === undefined &&
      this.#isUnhiddenUnder(this.#name, span.name, others) &&
      this.#isUnhiddenUnder(this.#message, span.status.message ?? '', others)
    );
  }

  /** `others`: what is searched for besides what is declared. */
  #isUnhiddenUnder(known: KnownKey, value: unknown, others: SealedTexts | undefined): boolean {
    const { plain, recent } = known;
    if (plain === undefined || others?.mayHideIn(plain) === true) return false;
    if (typeof value === 'string') {
      const text = recent?.text === value ? recent : this.#keys.plainText(value);
      if (text === undefined || others?.mayHideIn(text) === true) return false;
      if (text !== recent) this.#keys.remember(known, text);
      return true;
    }
    if (typeof value !== 'boolean' && (typeof value !== 'number' || others?.holds(value) === true)) return false;
    if (!known.isRemembered) this.#keys.remember(known);
    return true;
  }
}
