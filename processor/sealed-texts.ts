/**
 * Finds sealed values again where they hide in other texts of the same span: names, keys, messages, stack
 * traces, URLs. SECRET: holds the values until the span has been handed on.
 *
 * A value is found as it is, in any case and Unicode normalization form, percent-encoded wholly or in part, form-encoded and
 * JSON-escaped, also one in the other. The rest of the word goes too, because the SDK may have cut the recorded attribute short
 * (`attributeValueLengthLimit`) where the text has all of it; and a text that the same limit cut inside a value
 * loses that beginning.
 *
 * The work is linear in values and texts and has an end: beyond what one span may hold and cost, every text that
 * could hide a value is replaced as a whole.
 */
import { textsIn } from './compound-value.js';
import type { DeclaredTexts } from './declared-texts.js';
import { isEncoded } from './escapes.js';
import { isTooShort } from './letter-folding.js';
import type { PlainText } from './plain-text.js';
import { replaceOccurrences } from './replaced-text.js';
import { SearchedText } from './searched-text.js';
import type { Occurrence, TextNeedle } from './text-needle.js';
import { viewsOf, type TextView } from './text-view.js';

/** What stands in place of a sealed value. */
export const SEALED = '[sealed]';

/** Most different values of one span that are searched for. */
export const MOST_SEARCHED = 256;
/** Most work for one span: characters searched, times what is searched for in them. At worst some 0.1 s, 0.4 s outside ASCII. */
export const MOST_WORK = 2 ** 24;
/** What all readings of an encoded character cost, in the same unit. */
const DECODING_WORK = 16;

const NONE: readonly SearchedText[] = [];
/** Numbers of searches, by which texts remember what has been looked for in them without keeping it. */
let nextSearch = 1;

export class SealedTexts {
  readonly #minimumLength: number;
  readonly #declared: DeclaredTexts | undefined;
  /** Mostly one: a copy with one more is smaller than what a growing array sets aside. */
  #searched: readonly SearchedText[] = NONE;
  /** Those that are not declared. */
  #undeclared: readonly SearchedText[] | undefined;
  /** Those that are numbers. */
  #numbers: Set<number> | undefined;
  #work = 0;
  /** Another one for every text that is added. */
  #search = 0;

  /**
   * Texts shorter than `minimumLength` characters, 1 or more, are not searched for. `declared`: known ahead of time,
   * for the same length.
   */
  constructor(minimumLength: number, declared?: DeclaredTexts) {
    this.#minimumLength = minimumLength;
    this.#declared = declared;
  }

  /** The texts of a sealed value: a string, a number by its decimal digits, or those inside. */
  add(value: unknown): void {
    if (typeof value === 'string') this.#addText(value);
    else if (typeof value === 'number' || typeof value === 'bigint') this.#addText(String(value));
    else if (typeof value === 'object') for (const inner of textsIn(value)) this.#addText(inner);
  }

  #addText(text: string): void {
    if (text.length < this.#minimumLength || text === SEALED || this.#isTooMuch) return;
    if (!this.#isKnown(text)) this.#add(text);
  }

  #isKnown(text: string): boolean {
    for (const known of this.#searched) if (known.text === text) return true;
    return !this.#affords(this.#searched.length);
  }

  #add(text: string): void {
    const declared = this.#declared?.get(text);
    const searched = declared ?? new SearchedText(text, this.#minimumLength);
    if (searched.value.isEmpty) return;
    this.#searched = this.isEmpty ? [searched] : [...this.#searched, searched];
    if (declared === undefined) {
      this.#undeclared = [...(this.#undeclared ?? NONE), searched];
      this.#search = nextSearch++;
    }
    if (searched.number !== undefined) (this.#numbers ??= new Set()).add(searched.number);
  }

  get isEmpty(): boolean {
    return this.#searched.length === 0;
  }

  /** Whether a search for everything declared finds all of them: few, declared, and no numbers. */
  get areDeclared(): boolean {
    return this.#undeclared === undefined && this.#numbers === undefined && !this.#isTooMuch;
  }

  /** Whether a number is one of the sealed ones. */
  holds(number: number): boolean {
    if (this.#isTooMuch) return String(number).length >= this.#minimumLength;
    return this.#numbers?.has(number) === true;
  }

  /** False where no sealed value, nor the beginning of one, is in the text. Errs on the other side. */
  mayHideIn(text: PlainText): boolean {
    if (this.#undeclared === undefined || text.clearedBy === this.#search) return this.#isTooMuch;
    const { folded } = text;
    for (const { value } of this.#undeclared) {
      if (!this.#affords(folded.length) || value.mayBeIn(folded)) return true;
    }
    text.clearedBy = this.#search;
    return false;
  }

  /** The text without any sealed value; the same string where there is none. */
  redact(text: string): string {
    if (this.isEmpty || isTooShort(text, this.#minimumLength)) return text;
    if (!this.#affords((isEncoded(text) ? DECODING_WORK : 1) * text.length)) return SEALED;
    const occurrences: Occurrence[] = [];
    const [plain, ...decoded] = viewsOf(text);
    for (const sealed of this.#searched) {
      const search = (needle: TextNeedle, view: TextView): void => {
        if (!this.#affords(view.text.length)) return;
        for (const { start, end } of needle.occurrencesIn(view.text)) {
          occurrences.push({ start: view.startOf(start), end: sealed.isCut ? text.length : view.endOf(end) });
        }
      };
      search(sealed.value, plain);
      if (decoded.length === 0) continue;
      for (const encoding of sealed.encodings) search(encoding, plain);
      for (const view of decoded) search(sealed.value, view);
    }
    if (this.#isTooMuch) return SEALED;
    return occurrences.length === 0 ? text : replaceOccurrences(text, occurrences, SEALED);
  }

  get #isTooMuch(): boolean {
    return this.#searched.length > MOST_SEARCHED || this.#work > MOST_WORK;
  }

  /** Whether so much more is within the work for a span, to which it then counts. */
  #affords(work: number): boolean {
    this.#work += work;
    return !this.#isTooMuch;
  }
}
