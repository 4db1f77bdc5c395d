/**
 * One form for all forms of a letter, so that a search finds a text however its letters were written: in upper, lower
 * or title case, also where that changes their number (SS for the German sharp s) or the letter (the long s), as
 * ligatures or full-width letters, and in any normalization form (Unicode Standard, 3.13 "Default Caseless Matching",
 * with compatibility decompositions). A folded text holds the folded form of every text in it, as foldNeedle has it.
 */

const NOT_ASCII = /[^\u0000-\u007f]/;
/** A character with its combining marks. Longer runs of marks are taken apart: reordering them is quadratic work. */
const CLUSTER = /\P{M}\p{M}{0,30}|\p{M}{1,30}/gu;
/** One that is more than an ASCII character. */
const CHANGED_CLUSTER = /[^\u0000-\u007f\p{M}]\p{M}{0,30}|[\u0000-\u007f]?\p{M}{1,30}/gu;
const LONG_RUN_OF_MARKS = /\p{M}{31}/u;
/** A mark, or a half of a character. */
const INCOMPLETE = /^[\p{M}\ud800-\udbff]$/u;
const FIRST_MARKS = /^\p{M}+/u;

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/** Whether not even the folded text has so many characters. */
export function isTooShort(text: string, minimumLength: number): boolean {
  return text.length < minimumLength && isAscii(text);
}

/**
 * Of another length where the text is not ASCII. Ends before combining marks, which what follows would change, and
 * before half a character, which a limit of length leaves. A plus becomes a space, as which HTML forms send it. All
 * these are alike to a search, which prefers to find too much.
 */
export function fold(text: string): string {
  const folded = isAscii(text) ? text.toLowerCase() : withoutIncompleteEnd(foldLetters(text));
  return folded.includes('+') ? folded.replaceAll('+', ' ') : folded;
}

/** Without combining marks at the beginning either, which what stands before would change. */
export function foldNeedle(text: string): string {
  const folded = fold(text);
  return folded.charCodeAt(0) < 0x80 ? folded : folded.replace(FIRST_MARKS, '');
}

/** Where each unit of the folded text comes from, to a character with its marks, and where the text ends. */
export function foldedOrigins(text: string): readonly number[] {
  const origins: number[] = [];
  let next = 0;
  for (const { 0: cluster, index } of text.matchAll(CHANGED_CLUSTER)) {
    while (next < index) origins.push(next++);
    const { length } = foldCluster(cluster);
    for (let unit = 0; unit < length; unit += 1) origins.push(index);
    next = index + cluster.length;
  }
  while (next < text.length) origins.push(next++);
  origins.length = fold(text).length;
  origins.push(text.length);
  return origins;
}

function foldLetters(text: string): string {
  return LONG_RUN_OF_MARKS.test(text) ? text.replace(CLUSTER, foldCluster) : foldCluster(text);
}

/**
 * There and back again: some letters have only one case, or another lower case than the upper case has. The dot above
 * goes because it is part of a capital I to some and not to others.
 */
function foldCluster(text: string): string {
  const lower = text.normalize('NFKD').toLowerCase().toUpperCase().toLowerCase();
  return lower.replaceAll('\u03c2', '\u03c3').replaceAll('\u0307', '');
}

function withoutIncompleteEnd(text: string): string {
  let end = text.length;
  while (end > 0) {
    const start = isLowHalf(text, end - 1) && isHighHalf(text, end - 2) ? end - 2 : end - 1;
    if (!INCOMPLETE.test(text.slice(start, end))) break;
    end = start;
  }
  return text.slice(0, end);
}

function isHighHalf(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}

function isLowHalf(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
