/**
 * What was captured of spans between onEnding and onEnd, by span context: the one object that a span and any view of
 * it share. SECRET. The SDK calls both for one span before it turns to the next, so that one place is mostly enough.
 */
import type { CapturedSpan } from './captured-span.js';

export class EndingSpans {
  #latest: { readonly context: object; readonly captured: CapturedSpan } | undefined;
  /** Those that others came between, for as long as they live. */
  readonly #others = new WeakMap<object, CapturedSpan>();

  add(context: object, captured: CapturedSpan): void {
    if (this.#latest !== undefined) this.#others.set(this.#latest.context, this.#latest.captured);
    this.#latest = { context, captured };
  }

  /** Once. */
  take(context: object): CapturedSpan | undefined {
    const latest = this.#latest;
    if (latest?.context === context) {
      this.#latest = undefined;
      return latest.captured;
    }
    const captured = this.#others.get(context);
    if (captured !== undefined) this.#others.delete(context);
    return captured;
  }
}
