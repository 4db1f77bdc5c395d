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

export interface KnownKey {
  readonly key: string;
  /** Whether its value never leaves in clear. */
  readonly isSelected: boolean;
  /** The key as a text; `undefined` where something declared may hide in it. */
  readonly plain: PlainText | undefined;
  isRemembered: boolean;
  /** The last text under it. */
  recent: PlainText | undefined;
}

/** For the places of a span that have a text without a key. */
export function withoutKey(): KnownKey {
  return { key: '', isSelected: false, plain: new PlainText(''), isRemembered: true, recent: undefined };
}

export class KnownKeys {
  readonly #declared: DeclaredTexts;
  readonly #known = new Map<string, KnownKey>();
  /** By position, of the span before. */
  readonly #usual: KnownKey[] = [];

  constructor(selected: Iterable<string>, declared: DeclaredTexts) {
    this.#declared = declared;
    for (const key of selected) this.#known.set(key, { ...withoutKey(), key, isSelected: true });
  }

  /** `position` among the keys of its span: mostly the same as in others. Not yet remembered where it is new. */
  of(key: string, position: number): KnownKey {
    const usual = this.#usual[position];
    return usual?.key === key ? usual : this.#find(key, position);
  }

  /** A text under a key; `undefined` where something declared may hide in it. Not yet remembered where it is new. */
  textUnder({ recent }: KnownKey, text: string): PlainText | undefined {
    if (recent?.text === text) return recent;
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

  #find(key: string, position: number): KnownKey {
    const known = this.#known.get(key) ?? this.#learn(key);
    if (known.isRemembered && position <= this.#usual.length && position < MOST_KEYS) this.#usual[position] = known;
    return known;
  }

  #learn(key: string): KnownKey {
    const plain = this.#declared.mayHideIn(key) ? undefined : new PlainText(key);
    return { key, isSelected: false, plain, isRemembered: false, recent: undefined };
  }
}
