/**
 * The common case, made cheap: a span in whose other parts nothing sealed hides. All its texts are searched as
 * one; where there is no trace of a value in them, and they are still the same when the span has ended, they need
 * no search of their own, neither then nor before.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { SEALED, type SealedTexts } from './sealed-texts.js';

export class UnhiddenSpan {
  readonly #name: string;
  readonly #message: string | undefined;
  readonly #attributes: readonly unknown[];

  private constructor(span: ReadableSpan, attributes: readonly unknown[]) {
    this.#name = span.name;
    this.#message = span.status.message;
    this.#attributes = attributes;
  }

  /**
   * `undefined` where a value may hide, or would have to be looked for in more than plain texts. Attributes under
   * `keys` are about to be overwritten.
   */
  static of(span: ReadableSpan, keys: ReadonlySet<string>, texts: SealedTexts): UnhiddenSpan | undefined {
    if (!isPlain(span)) return undefined;
    const seen: unknown[] = [];
    let together = `${span.name}\n${span.status.message ?? ''}`;
    for (const key in span.attributes) {
      const value = keys.has(key) ? SEALED : span.attributes[key];
      seen.push(key, value);
      if (typeof value === 'string') together += `\n${key}\n${value}`;
      else if (typeof value === 'object' || (typeof value === 'number' && texts.holds(value))) return undefined;
      else together += `\n${key}`;
    }
    return texts.mayHideIn(together) ? undefined : new UnhiddenSpan(span, seen);
  }

  /** Whether the span has only been overwritten since. */
  isStill(span: ReadableSpan): boolean {
    if (!isPlain(span) || span.name !== this.#name || span.status.message !== this.#message) return false;
    let next = 0;
    for (const key in span.attributes) {
      if (key !== this.#attributes[next] || span.attributes[key] !== this.#attributes[next + 1]) return false;
      next += 2;
    }
    return next === this.#attributes.length;
  }
}

/** Whether all its texts are its name, its status and its attributes. */
function isPlain(span: ReadableSpan): boolean {
  return (
    span.events.length === 0 &&
    span.links.length === 0 &&
    span.parentSpanContext?.traceState === undefined &&
    span.spanContext().traceState === undefined
  );
}
