/**
 * A text as it may be read: as it is, and with percent-encoding (RFC 3986 and HTML forms) or the escapes of
 * JSON (RFC 8259) taken away, each up to twice. Letters are folded to one case, and every reading knows where
 * each of its characters stands in the text. The work is linear in the text.
 */
export interface TextView {
  /** Folded. */
  readonly text: string;
  /** Where each character of the view stands in the text, and where the text ends; `undefined`: in the same place. */
  readonly starts: readonly number[] | undefined;
}

interface Escape {
  readonly unit: string;
  /** Characters it takes in the text. */
  readonly length: number;
}

/** Reads the escape at a position; `undefined` where there is none. */
type ReadEscape = (text: string, at: number) => Escape | undefined;

/** How often an escape is looked for under another: a URL in a URL, JSON in JSON. */
const DEPTH = 2;
const NOT_ASCII = /[^\u0000-\u007f]/;
const PERCENT = '%';
const BACKSLASH = '\\';
const DECODERS: readonly (readonly [string, ReadEscape])[] = [
  [PERCENT, percentEscape],
  [BACKSLASH, jsonEscape],
];
/** What follows a backslash in JSON and stands for something other than itself. */
const CONTROLS: Readonly<Partial<Record<string, string>>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** By the number of bytes: what of the first byte of UTF-8 belongs to the character (RFC 3629). */
const FIRST_BYTE_MASKS = [0, 0x7f, 0x1f, 0x0f, 0x07] as const;

/**
 * The text in one case, of the same length. A plus becomes a space, as which HTML forms send it. Both are alike
 * to a search, which prefers to find too much.
 */
export function fold(text: string): string {
  const lower = NOT_ASCII.test(text) ? foldLetters(text) : text.toLowerCase();
  return lower.includes('+') ? lower.replaceAll('+', ' ') : lower;
}

/** The one letter whose lower case is longer, and the one whose lower case depends on what surrounds it. */
function foldLetters(text: string): string {
  return text.replaceAll('\u0130', 'i').toLowerCase().replaceAll('\u03c2', '\u03c3');
}

/** Whether there is more than one reading. */
export function isEncoded(text: string): boolean {
  return text.includes(PERCENT) || text.includes(BACKSLASH);
}

/** Every reading of the text, the first of which is the text as it is. */
export function viewsOf(text: string): [TextView, ...TextView[]] {
  const views: [TextView, ...TextView[]] = [{ text: fold(text), starts: undefined }];
  if (!isEncoded(text)) return views;
  let layer: readonly TextView[] = views;
  for (let depth = 0; depth < DEPTH; depth += 1) {
    layer = layer.flatMap((view) =>
      DECODERS.flatMap(([marker, read]) => (view.text.includes(marker) ? [decoded(view, marker, read)] : [])),
    );
    views.push(...layer);
  }
  return views;
}

/** Where a position of the view stands in the text. */
export function originOf({ starts }: TextView, position: number): number {
  return starts?.[position] ?? position;
}

function decoded(view: TextView, marker: string, read: ReadEscape): TextView {
  const { text } = view;
  const starts: number[] = [];
  let out = '';
  for (let at = 0; at < text.length;) {
    const { unit, length } = (text[at] === marker ? read(text, at) : undefined) ?? { unit: text.charAt(at), length: 1 };
    for (let index = 0; index < unit.length; index += 1) starts.push(originOf(view, at));
    out += unit;
    at += length;
  }
  starts.push(originOf(view, text.length));
  return { text: fold(out), starts };
}

/** One character in UTF-8, or one byte in Latin-1 where it is none. */
function percentEscape(text: string, at: number): Escape | undefined {
  const first = percentByte(text, at);
  if (first === undefined) return undefined;
  const bytes = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  let codePoint = first & FIRST_BYTE_MASKS[bytes];
  for (let index = 1; index < bytes; index += 1) {
    const next = percentByte(text, at + 3 * index);
    if (next === undefined || (next & 0xc0) !== 0x80) return { unit: String.fromCharCode(first), length: 3 };
    codePoint = (codePoint << 6) | (next & 0x3f);
  }
  if (bytes === 0 || codePoint > 0x10ffff) return { unit: String.fromCharCode(first), length: 3 };
  return { unit: String.fromCodePoint(codePoint), length: 3 * bytes };
}

function percentByte(text: string, at: number): number | undefined {
  return text[at] === PERCENT ? hexadecimal(text.slice(at + 1, at + 3), 2) : undefined;
}

function jsonEscape(text: string, at: number): Escape | undefined {
  const next = text[at + 1];
  if (next === undefined) return undefined;
  const code = next === 'u' ? hexadecimal(text.slice(at + 2, at + 6), 4) : undefined;
  return code === undefined
    ? { unit: CONTROLS[next] ?? next, length: 2 }
    : { unit: String.fromCharCode(code), length: 6 };
}

function hexadecimal(digits: string, length: number): number | undefined {
  return digits.length === length && /^[0-9a-f]*$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}
