/**
 * The common case, made cheap: a span in whose other parts nothing sealed hides. It is recognised from what is known of
 * its keys and texts, and needs no search of its own. What may hide something, or would have to be looked for in
 * more than plain texts, is left to the thorough search (redaction.ts).
 */
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { CheckedAttributes } from './checked-attributes.js';
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

  /**
   * Searches a span that is ending; its selected attributes are about to be overwritten. `undefined` where something
   * sealed may hide in what is not selected. Errs on that side. `others`: what to search for besides what is declared.
   */
  check(span: ReadableSpan, others: SealedTexts | undefined): CheckedAttributes | undefined {
    if (!this.#isUnhiddenBeside(span, others)) return undefined;
    const { attributes } = span;
    const checked = new CheckedAttributes(attributes);
    const { unhidden } = checked;
    let position = 0;
    for (const key in attributes) {
      const value = attributes[key];
      const known = this.#keys.of(key, position++);
      if (known.isSelected) {
        checked.expect(SEALED);
      } else {
        if (!this.#isUnhiddenUnder(known, value, others)) return undefined;
        checked.expect(value);
        unhidden[key] = value;
      }
    }
    return checked;
  }

  /**
   * The parts of a span without its selected attributes; `undefined` where something sealed may hide, or where
   * `isOverwritten` and a selected attribute has been set again. `others` as in check(),
   * which gave `checked` while the span was ending.
   */
  partsOf(
    span: ReadableSpan,
    others: SealedTexts | undefined,
    isOverwritten: boolean,
    checked?: CheckedAttributes,
  ): SpanParts | undefined {
    if (!this.#isUnhiddenBeside(span, others)) return undefined;
    const isChecked = checked?.isStill(span.attributes) === true;
    const attributes = isChecked ? checked.unhidden : this.#unhiddenOf(span.attributes, others, isOverwritten);
    if (attributes === undefined) return undefined;
    const { name, status, parentSpanContext: parentContext } = span;
    return { name, status, context: span.spanContext(), parentContext, attributes, links: [], events: [] };
  }

  #unhiddenOf(attributes: Attributes, others: SealedTexts | undefined, isOverwritten: boolean): Attributes | undefined {
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
    return unhidden;
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
