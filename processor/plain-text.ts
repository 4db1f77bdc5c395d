/** A text with one reading, in which nothing declared may hide. */
import { fold } from './letter-folding.js';

export class PlainText {
  readonly text: string;
  /** The last search that found nothing in it, by its number. */
  clearedBy = 0;
  #folded: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** For other searches. */
  get folded(): string {
    return (this.#folded ??= fold(this.text));
  }
}
