import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextNeedle } from '../../processor/text-needle.js';

/** Which positions of the text belong to an occurrence, found by trying every position. */
function covered(text: string, needle: string, minimumLength: number): boolean[] {
  const found = new Array<boolean>(text.length).fill(false);
  for (let start = 0; start < text.length; start += 1) {
    const rest = text.slice(start);
    const isCut = rest.length >= minimumLength && needle.startsWith(rest);
    if (rest.startsWith(needle)) found.fill(true, start, start + needle.length);
    else if (isCut) found.fill(true, start);
  }
  return found;
}

describe('text needle', () => {
  it('finds what trying every position finds', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 60 });
    const needle = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 3, maxLength: 9 });
    fc.assert(
      fc.property(text, needle, fc.integer({ min: 1, max: 3 }), (searched, sought, minimumLength) => {
        const occurrences = new TextNeedle(sought, minimumLength).occurrencesIn(searched);
        const found = new Array<boolean>(searched.length).fill(false);
        for (const { start, end } of occurrences) found.fill(true, start, end);
        expect(found).toEqual(covered(searched, sought, minimumLength));
        expect(occurrences.every(({ start }, index) => index === 0 || start > occurrences[index - 1]!.end)).toBe(true);
        if (occurrences.length > 0) expect(new TextNeedle(sought, minimumLength).mayBeIn(searched)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
