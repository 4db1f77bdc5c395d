/**
 * The attributes of a span that is ending, once they have been searched: what has not changed by the time it has ended
 * needs no second search. What is handed on is the copy that was searched, so a change that went unnoticed would be
 * missing from it, and could not be in it.
 */
import type { Attributes } from '@opentelemetry/api';

export class CheckedAttributes {
  /** Those that are not selected. Belong to whoever takes them, once. */
  readonly unhidden: Attributes = {};
  readonly #source: Attributes;
  /** All of them, in order. */
  readonly #values: unknown[] = [];

  constructor(source: Attributes) {
    this.#source = source;
  }

  /** The next attribute: `value` is what it will have from now on. */
  expect(value: unknown): void {
    this.#values.push(value);
  }

  /** Whether a span has the same attributes as then. */
  isStill(attributes: Attributes): boolean {
    if (attributes !== this.#source) return false;
    const values = this.#values;
    let position = 0;
    for (const key in attributes) {
      if (attributes[key] !== values[position++]) return false;
    }
    return position === values.length;
  }
}
