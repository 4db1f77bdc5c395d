/**
 * Finds sealed values again where they hide in other texts of the same span: names, messages, stack traces,
 * URLs. SECRET: holds the values until the span has been handed on.
 *
 * A value is found as it is, in any case, percent-encoded (RFC 3986) wholly or in part, form-encoded, and
 * JSON-escaped. The rest of the word goes too, because the SDK may have cut the recorded attribute short
 * (`attributeValueLengthLimit`) where the text has all of it; and a text that the same limit cut inside a
 * value loses that beginning.
 */

/** What stands in place of a sealed value. */
export const SEALED = '[sealed]';

/** A longer value is searched for by its first characters, and the whole rest of the text is replaced. */
const LONGEST_SEARCHED = 256;
/** Up to the next separator of prose, URLs, JSON or code. */
const REST_OF_WORD = String.raw`[^\s&?#/"'<>(){}[\],;=|]*`;
const REST_OF_TEXT = '[^]*';

export class SealedTexts {
  readonly #texts: ReadonlySet<string>;
  readonly #minimumLength: number;
  #pattern: RegExp | undefined;

  private constructor(texts: ReadonlySet<string>, minimumLength: number) {
    this.#texts = texts;
    this.#minimumLength = minimumLength;
  }

  /** The texts among `values`: strings, decimal numbers, and those in arrays, of `minimumLength` characters or more. */
  static of(values: Iterable<unknown>, minimumLength: number): SealedTexts {
    const texts = new Set<string>();
    for (const value of values) collect(value, minimumLength, texts);
    return new SealedTexts(texts, minimumLength);
  }

  /** Searches for the texts of both. */
  and(other: SealedTexts): SealedTexts {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    return new SealedTexts(new Set([...this.#texts, ...other.#texts]), this.#minimumLength);
  }

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  /** The text without any sealed value; the same string where there is none. */
  redact(text: string): string {
    if (this.isEmpty || text.length < this.#minimumLength) return text;
    this.#pattern ??= patternOf(this.#texts);
    return this.#redactCutEnd(text.replace(this.#pattern, SEALED));
  }

  #redactCutEnd(text: string): string {
    for (const sealed of this.#texts) {
      for (const form of new Set([sealed, percentEncoded(sealed)])) {
        const start = cutStart(text, form, this.#minimumLength);
        if (start !== undefined) return text.slice(0, start) + SEALED;
      }
    }
    return text;
  }
}

function collect(value: unknown, minimumLength: number, texts: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, minimumLength, texts);
    return;
  }
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  if (typeof text === 'string' && text.length >= minimumLength && text !== SEALED) texts.add(text);
}

/** One expression for all values, longest first, so that a value is not found inside a longer one. */
function patternOf(texts: ReadonlySet<string>): RegExp {
  const longestFirst = [...texts].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map(formsOf).join('|'), 'gi');
}

function formsOf(text: string): string {
  const searched = Array.from(text.slice(0, LONGEST_SEARCHED), formsOfCharacter).join('');
  return searched + (text.length > LONGEST_SEARCHED ? REST_OF_TEXT : REST_OF_WORD);
}

function formsOfCharacter(character: string): string {
  if (/^[A-Za-z0-9]$/.test(character)) return character;
  const forms = new Set([character, percentEncoded(character), everyBytePercent(character), jsonEscaped(character)]);
  if (character === ' ') forms.add('+');
  return `(?:${[...forms].map(escapeForPattern).join('|')})`;
}

/** Position where `text` ends in an unfinished `form` of at least `minimumLength` characters. */
function cutStart(text: string, form: string, minimumLength: number): number | undefined {
  const beginning = form.slice(0, minimumLength);
  for (let start = text.indexOf(beginning); start >= 0; start = text.indexOf(beginning, start + 1)) {
    if (form.startsWith(text.slice(start))) return start;
  }
  return undefined;
}

function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text; // half of a surrogate pair has no UTF-8 form
  }
}

/** Also for the ASCII punctuation that encodeURIComponent leaves alone. */
function everyBytePercent(character: string): string {
  const code = character.charCodeAt(0);
  return code < 128 ? `%${code.toString(16).padStart(2, '0')}` : character;
}

function jsonEscaped(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
