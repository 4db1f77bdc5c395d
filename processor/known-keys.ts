/**
 * What is known of attribute keys, because they repeat from span to span: whether one is selected, whether anything
 * may hide in it, and the last text that was handed on under it, which often repeats too. So most of a span has been
 * searched before it comes. Remembers a key or a text only after everything sealed in its own span was looked for
 * in it and not found: what the exporter sends on anyway. Bounded in number and length.
 */
import type { DeclaredTexts } from './declared-texts.js';
import { PlainText } from './plain-text.js';

const MOST_KEYS = 1024;
const LONGEST_REMEMBERED = 256;

export class KnownKey {
  readonly key: string;
  /** Whether its value never leaves in clear. */
  readonly isSelected: boolean;
  /** The key as a text; `undefined` where something declared may hide in it. */
  readonly plain: PlainText | undefined;
  isRemembered = false;
  /** The last text under it. */
  recent: PlainText | undefined;

  constructor(key: string, isSelected: boolean, plain: PlainText | undefined) {
    this.key = key;
    this.isSelected = isSelected;
    this.plain = plain;
  }
}

export class KnownKeys {
  readonly #declared: DeclaredTexts;
  readonly #known = new Map<string, KnownKey>();
  /** By position, of the span before. */
  readonly #usual: KnownKey[] = [];
  readonly #selected = new Set<string>();
  /** By position, the keys last asked for, and whether they are selected. */
  readonly #asked: string[] = [];
  readonly #answers: boolean[] = [];

  constructor(selected: Iterable<string>, declared: DeclaredTexts) {
    this.#declared = declared;
    for (const key of selected) {
      const known = new KnownKey(key, true, undefined);
      known.isRemembered = true;
      this.#known.set(key, known);
      this.#selected.add(key);
    }
  }

  /** `position` among the keys of its span: mostly the same as in others. Not yet remembered where it is new. */
  of(key: string, position: number): KnownKey {
    const usual = this.#usual[position];
    return usual?.key === key ? usual : this.#find(key, position);
  }

  /** Whether a key is selected, without learning it where it is new. */
  isSelected(key: string, position: number): boolean {
    return this.#asked[position] === key ? this.#answers[position] === true : this.#ask(key, position);
  }

  /** For a place of spans that has a text without a key. */
  without(): KnownKey {
    return new KnownKey('', false, new PlainText(''));
  }

  /** `undefined` where something declared may hide in a text. */
  plainText(text: string): PlainText | undefined {
    return this.#declared.mayHideIn(text) ? undefined : new PlainText(text);
  }

  /** A key, and a text under it where there is one, in which nothing sealed in their span was found. */
  remember(known: KnownKey, text?: PlainText): void {
    if (!known.isRemembered && this.#known.size < MOST_KEYS && known.key.length <= LONGEST_REMEMBERED) {
      this.#known.set(known.key, known);
      known.isRemembered = true;
    }
    if (text !== undefined && text.text.length <= LONGEST_REMEMBERED) known.recent = text;
  }

  /** Keys alone are kept here, in as many places as a span has that is no larger than usual. */
  #ask(key: string, position: number): boolean {
    const isSelected = this.#selected.has(key);
    if (position <= this.#asked.length && position < MOST_KEYS && key.length <= LONGEST_REMEMBERED) {
      this.#asked[position] = key;
      this.#answers[position] = isSelected;
    }
    return isSelected;
  }

  #find(key: string, position: number): KnownKey {
    const known = this.#known.get(key) ?? this.#learn(key);
    if (known.isRemembered && position <= this.#usual.length && position < MOST_KEYS) this.#usual[position] = known;
    return known;
  }

  #learn(key: string): KnownKey {
    return new KnownKey(key, false, this.plainText(key));
  }
}
