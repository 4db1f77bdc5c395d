/**
 * What was captured of spans between onEnding and onEnd, by span context: the one object that a span and any view of
 * it share. SECRET. The SDK calls both for one span before it turns to the next, so that one place is mostly enough.
 */
import type { CapturedSpan } from './captured-span.js';

export class EndingSpans {
  #context: object | undefined;
  #captured: CapturedSpan | undefined;
  /** Those that others came between, for as long as they live. */
  readonly #others = new WeakMap<object, CapturedSpan>();

  add(context: object, captured: CapturedSpan): void {
    if (this.#context !== undefined && this.#captured !== undefined) this.#others.set(this.#context, this.#captured);
    this.#context = context;
    this.#captured = captured;
  }

  /** Once. */
  take(context: object): CapturedSpan | undefined {
    return context === this.#context ? this.#takeLatest() : this.#takeOther(context);
  }

  #takeLatest(): CapturedSpan | undefined {
    const captured = this.#captured;
    this.#context = undefined;
    this.#captured = undefined;
    return captured;
  }

  #takeOther(context: object): CapturedSpan | undefined {
    const captured = this.#others.get(context);
    if (captured !== undefined) this.#others.delete(context);
    return captured;
  }
}
