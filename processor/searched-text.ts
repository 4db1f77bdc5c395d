/** A sealed value and its encodings as a whole, ready to be searched for. SECRET. */
import { TextNeedle } from './text-needle.js';
import { fold } from './text-view.js';

/** A longer value is searched for by its first characters. */
const LONGEST_SEARCHED = 256;

export class SearchedText {
  readonly value: TextNeedle;
  /** Whether only the beginning of the value is searched for. */
  readonly isCut: boolean;
  readonly #text: string;
  readonly #minimumLength: number;
  #encodings: readonly TextNeedle[] | undefined;

  /** `text` has `minimumLength` characters or more, which is 1 or more. */
  constructor(text: string, minimumLength: number) {
    this.#text = text.slice(0, LONGEST_SEARCHED);
    this.#minimumLength = minimumLength;
    this.isCut = text.length > LONGEST_SEARCHED;
    this.value = new TextNeedle(fold(this.#text), minimumLength);
  }

  /** Found where a decoder would join an encoding to what stands before it. */
  get encodings(): readonly TextNeedle[] {
    this.#encodings ??= encodingsOf(this.#text).map((form) => new TextNeedle(fold(form), this.#minimumLength));
    return this.#encodings;
  }
}

function encodingsOf(text: string): string[] {
  const forms = new Set([percentEncoded(text), JSON.stringify(text).slice(1, -1)]);
  forms.delete(text);
  return [...forms];
}

function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text; // half of a surrogate pair has no UTF-8 form
  }
}
