/**
 * The escapes in which texts are written into other texts: percent-encoding (RFC 3986 and HTML forms) and that of JSON
 * (RFC 8259). Read from folded text (letter-folding.ts).
 */

interface Escape {
  readonly unit: string;
  /** Characters it takes in the text. */
  readonly length: number;
}

export interface EscapeSyntax {
  /** What every escape begins with. */
  readonly marker: string;
  /** Reads the escape at a position; `undefined` where there is none. */
  readonly read: (text: string, at: number) => Escape | undefined;
  /** Finds an escape that ends before it is complete, in the last characters of a text. */
  readonly cut: RegExp;
}

const PERCENT = '%';
const BACKSLASH = '\\';
/** Longest of the incomplete escapes: that of a character of four bytes. */
const LONGEST_CUT = 11;
/** What follows a backslash in JSON and stands for something other than itself. */
const CONTROLS: Readonly<Partial<Record<string, string>>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** By the number of bytes: what of the first byte of UTF-8 belongs to the character (RFC 3629). */
const FIRST_BYTE_MASKS = [0, 0x7f, 0x1f, 0x0f, 0x07] as const;

export const ESCAPE_SYNTAXES: readonly EscapeSyntax[] = [
  {
    marker: PERCENT,
    read: percentEscape,
    cut: /(?:%[cd][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f])?|%f[0-7](?:%[89ab][0-9a-f]){0,2})?(?:%[0-9a-f]?)?$/,
  },
  { marker: BACKSLASH, read: jsonEscape, cut: /(?:\\(?:u[0-9a-f]{0,3})?)?$/ },
];

/** Whether there may be an escape. */
export function isEncoded(text: string): boolean {
  return text.includes(PERCENT) || text.includes(BACKSLASH);
}

/** Length of the text before an escape that its end cuts in two: all of it where there is none. */
export function lengthBeforeCut(text: string, { cut }: EscapeSyntax): number {
  const end = text.slice(-LONGEST_CUT);
  return text.length - end.length + end.search(cut);
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
