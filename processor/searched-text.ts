/** A sealed value and its encodings as a whole, ready to be searched for. SECRET. */
import { foldNeedle } from './letter-folding.js';
import { TextNeedle } from './text-needle.js';

/** A longer value is searched for by its first characters. */
const LONGEST_SEARCHED = 256;

export class SearchedText {
  readonly value: TextNeedle;
  /** Whether only the beginning of the value is searched for. */
  readonly isCut: boolean;
  /** The number that it is the text of, if that has so many digits. */
  readonly number: number | undefined;
  /** All of it. */
  readonly text: string;
  readonly #minimumLength: number;
  #encodings: readonly TextNeedle[] | undefined;

  /** `text` has `minimumLength` characters or more, which is 1 or more. */
  constructor(text: string, minimumLength: number) {
    this.text = text;
    this.#minimumLength = minimumLength;
    this.isCut = text.length > LONGEST_SEARCHED;
    this.number = numberOf(text, minimumLength);
    this.value = needleOf(text.slice(0, LONGEST_SEARCHED), minimumLength);
  }

  /** Found where a decoder would join an encoding to what stands before it. */
  get encodings(): readonly TextNeedle[] {
    this.#encodings ??= encodingsOf(this.text.slice(0, LONGEST_SEARCHED)).map((form) =>
      needleOf(form, this.#minimumLength),
    );
    return this.#encodings;
  }
}

/** Folding may shorten a text. */
function needleOf(text: string, minimumLength: number): TextNeedle {
  const folded = foldNeedle(text);
  return new TextNeedle(folded, Math.min(minimumLength, folded.length));
}

function numberOf(text: string, minimumLength: number): number | undefined {
  const number = Number(text);
  return Number.isFinite(number) && String(number).length >= minimumLength ? number : undefined;
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
