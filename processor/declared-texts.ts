/**
 * The texts a plan declares: values of its categories. Most sealed texts are one of these, and all of them are known
 * ahead, so that one pass over a text tells whether any of them may be in it.
 */
import type { CompiledPlan } from '../src/plan/compile.js';
import { isEncoded } from './escapes.js';
import { foldedPattern } from './folded-pattern.js';
import { fold, isAscii, isTooShort } from './letter-folding.js';
import { SearchedText } from './searched-text.js';

/** Longer texts are searched under the limits of one span's work (sealed-texts.ts). */
const LONGEST_PASS = 2 ** 14;

export class DeclaredTexts {
  readonly #minimumLength: number;
  readonly #searched: ReadonlyMap<string, SearchedText>;
  /** In folded texts; `undefined` where there are none. */
  readonly #beginnings: RegExp | undefined;
  /** The same in any text, or something that folding would change. */
  readonly #anyBeginnings: RegExp | undefined;

  /** Those shorter than `minimumLength` characters, 1 or more, are left out: they are not searched for. */
  constructor(texts: readonly string[], minimumLength: number) {
    const searched = texts
      .filter((text) => text.length >= minimumLength)
      .map((text): [string, SearchedText] => [text, new SearchedText(text, minimumLength)])
      .filter(([, { value }]) => !value.isEmpty);
    this.#minimumLength = minimumLength;
    this.#searched = new Map(searched);
    const beginnings = searched.map(([, { value }]) => value.beginning);
    if (beginnings.length === 0) return;
    this.#beginnings = foldedPattern(beginnings);
    this.#anyBeginnings = new RegExp(`${this.#beginnings.source}|[^\\u0000-\\u007f]`);
  }

  /** Those of all categories of a plan. */
  static of({ reports }: CompiledPlan, minimumLength: number): DeclaredTexts {
    const measurements = reports.flatMap((report) => report.measurements.map(({ measurement }) => measurement));
    const values = measurements.flatMap((measurement) => (measurement.kind === 'category' ? measurement.values : []));
    return new DeclaredTexts(values, minimumLength);
  }

  get(text: string): SearchedText | undefined {
    return this.#searched.get(text);
  }

  /** Whether a value has no text that is searched for, or one of these; of lists and numbers, errs on the other side. */
  areAllOf(value: unknown): boolean {
    if (typeof value !== 'string') return typeof value === 'boolean';
    if (value.length < this.#minimumLength) return true;
    const searched = this.#searched.get(value);
    return searched !== undefined && searched.number === undefined;
  }

  /**
   * Whether something may be found in a text by searching it for them. Errs on that side: also where the text has more
   * than one reading, or is long.
   */
  mayHideIn(text: string): boolean {
    if (isTooShort(text, this.#minimumLength)) return false;
    if (isEncoded(text) || text.length > LONGEST_PASS) return true;
    return this.#mayBeginIn(text);
  }

  #mayBeginIn(text: string): boolean {
    if (this.#anyBeginnings?.test(text) !== true) return false;
    return isAscii(text) || this.#beginnings?.test(fold(text)) === true;
  }
}
