/** Texts without what was found in them. */
import type { Occurrence } from './text-needle.js';

/** Up to the next separator of prose, URLs, JSON or code. */
const REST_OF_WORD = /[^\s&?#/"'<>(){}[\],;=|]*/y;

/** The text with every occurrence and the rest of its word replaced. Sorts the occurrences, which may overlap. */
export function replaceOccurrences(text: string, occurrences: Occurrence[], replacement: string): string {
  occurrences.sort((a, b) => a.start - b.start);
  let out = '';
  let kept = 0;
  for (const { start, end } of occurrences) {
    if (end <= kept) continue;
    if (start > kept || kept === 0) out += text.slice(kept, start) + replacement;
    kept = endOfWord(text, end);
  }
  return out + text.slice(kept);
}

function endOfWord(text: string, from: number): number {
  REST_OF_WORD.lastIndex = from;
  REST_OF_WORD.test(text);
  return Math.max(from, REST_OF_WORD.lastIndex);
}
