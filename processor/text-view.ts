/**
 * A text as it may be read: as it is, and with its escapes (escapes.ts) taken away, each up to twice, and without one
 * that the end of the text cuts in two. Letters are folded (letter-folding.ts), and every reading knows where each of
 * its characters stands in the text. The work is linear in the text.
 */
import { ESCAPE_SYNTAXES, isEncoded, lengthBeforeCut, type EscapeSyntax } from './escapes.js';
import { fold, foldedOrigins, isAscii } from './letter-folding.js';

/** How often an escape is looked for under another: a URL in a URL, JSON in JSON. */
const DEPTH = 2;

export class TextView {
  /** Folded. */
  readonly text: string;
  /** Where each unit of the view begins, and where the text ends; `undefined`: in the same place. */
  #starts: readonly number[] | undefined;
  /** As long as `#starts` are those of the view before it was folded. */
  #unfolded: string | undefined;

  /** `starts`: where each unit of `unfolded` stands in the text, and where the text ends. */
  constructor(unfolded: string, starts?: readonly number[]) {
    this.text = fold(unfolded);
    this.#starts = starts;
    this.#unfolded = unfolded;
  }

  /** Where a unit of the view begins in the text, or where the text ends. */
  startOf(position: number): number {
    if (this.#unfolded !== undefined) this.#foldStarts(this.#unfolded);
    return this.#starts?.[position] ?? position;
  }

  /** Where the unit before this position ends in the text. */
  endOf(position: number): number {
    let end = position;
    while (end < this.text.length && this.startOf(end) === this.startOf(end - 1)) end += 1;
    return this.startOf(end);
  }

  #foldStarts(unfolded: string): void {
    this.#unfolded = undefined;
    if (isAscii(unfolded)) return;
    const before = this.#starts;
    const origins = foldedOrigins(unfolded);
    this.#starts = before === undefined ? origins : origins.map((unit) => before[unit] ?? unit);
  }
}

/** Every reading of the text, the first of which is the text as it is. */
export function viewsOf(text: string): [TextView, ...TextView[]] {
  const views: [TextView, ...TextView[]] = [new TextView(text)];
  if (!isEncoded(text)) return views;
  let layer: readonly TextView[] = views;
  for (let depth = 0; depth < DEPTH; depth += 1) {
    layer = layer.flatMap((view) => ESCAPE_SYNTAXES.flatMap((syntax) => decodings(view, syntax)));
    views.push(...layer);
  }
  return views;
}

function decodings(view: TextView, syntax: EscapeSyntax): TextView[] {
  const { text } = view;
  if (!text.includes(syntax.marker)) return [];
  const whole = decoded(view, syntax, text.length);
  const length = lengthBeforeCut(text, syntax);
  return length === text.length ? [whole] : [whole, decoded(view, syntax, length)];
}

/** The first `length` units of the view, decoded, up to the end of the text. */
function decoded(view: TextView, { marker, read }: EscapeSyntax, length: number): TextView {
  const text = view.text.slice(0, length);
  const starts: number[] = [];
  let out = '';
  for (let at = 0; at < length;) {
    const escape = (text[at] === marker ? read(text, at) : undefined) ?? { unit: text.charAt(at), length: 1 };
    for (let index = 0; index < escape.unit.length; index += 1) starts.push(view.startOf(at));
    out += escape.unit;
    at += escape.length;
  }
  starts.push(view.startOf(view.text.length));
  return new TextView(out, starts);
}
