import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, foldedOrigins, foldNeedle } from '../../processor/letter-folding.js';

const FORMS = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;
/** Everything that has forms: the characters of Chinese and Korean are many and have none, or are composed by rule. */
const characters = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code)).filter(
  (character) => !/\p{C}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Tangut}/u.test(character),
);
/** Followed by a letter, because a folded text ends before its last marks. */
const foldedBefore = (text: string): string => fold(`${text}x`);

describe('letter folding', () => {
  it('is the same for every form of every character', () => {
    const wrong = characters.filter((character) => {
      const folded = foldedBefore(character);
      const cases = [character, character.toUpperCase(), character.toLowerCase()];
      const turkish = [character.toLocaleUpperCase('tr'), character.toLocaleLowerCase('tr')];
      const forms = [...cases, ...turkish].flatMap((text) => [text, ...FORMS.map((form) => text.normalize(form))]);
      return [...new Set(forms)].some((form) => foldedBefore(form) !== folded);
    });
    expect(wrong.map((character) => character.codePointAt(0)!.toString(16))).toEqual([]);
  });

  it.each([
    ['Stra\u00dfe', 'STRASSE'],
    ['Stra\u1e9ee', 'strasse'],
    ['\u0130stanbul', 'i\u0307stanbul'],
    ['\u0130stanbul', 'istanbul'],
    ['\u0131s\u0131', 'ISI'],
    ['5 \u00b5m', '5 \u039cm'],
    ['\u017fenden', 'SENDEN'],
    ['\u212belvin \u212a', '\u00e5ELVIN K'],
    ['\u039f\u0394\u039f\u03a3 a', '\u03bf\u03b4\u03bf\u03c2 A'],
    ['o\ufb03ce', 'OFFICE'],
    ['\uff21\uff22\uff23', 'abc'],
    ['Jos\u00e9 a', 'JOSE\u0301 A'],
    ['\u1fb3a', '\u0391\u0399A'],
  ])('takes %s for %s', (one, other) => {
    expect(fold(one)).toBe(fold(other));
  });

  it('keeps letters apart that are no forms of each other', () => {
    expect(fold('resume, ')).not.toBe(fold('r\u00e9sum\u00e9, '));
    expect(fold('m\u00fcller')).not.toBe(fold('m\u00f6ller'));
  });

  it('finds a text wherever it stands', () => {
    const letters = fc.constantFrom('a', 'A', 'i', '\u0130', '\u0301', '\u0323', '\u0307', '\u00df', '\u03a3', '\ufb01', '\u1ead', '+', '\u{1d400}'); // prettier-ignore
    const text = fc.array(fc.oneof(letters, fc.string({ unit: 'binary', maxLength: 1 })), { maxLength: 8 });
    fc.assert(
      fc.property(text, text, text, fc.constantFrom(...FORMS), (before, inner, after, form) => {
        const around = (inside: string): string => fold([...before, inside, ...after].join(''));
        expect(around(inner.join(''))).toContain(foldNeedle(inner.join('')));
        expect(around(inner.join('').normalize(form))).toContain(foldNeedle(inner.join('')));
      }),
      { numRuns: 3000 },
    );
  });

  it('knows where every character came from', () => {
    const unit = fc.constantFrom('a', 'B', '\u00df', '\ufb03', '\u0301', '\u0307', '\u{1d400}', '\ud800', '\udc00');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 20 }), (units) => {
        const text = units.join('');
        const folded = fold(text);
        const origins = foldedOrigins(text);
        expect(origins).toHaveLength(folded.length + 1);
        expect(origins.at(-1)).toBe(text.length);
        origins.slice(0, -1).forEach((origin, index) => {
          expect(fold(text.slice(0, origin)).length).toBeLessThanOrEqual(index);
          expect(fold(`${text.slice(origin)}x`)).toContain(folded[index]);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('takes long runs of marks apart, which would take long to order', () => {
    const run = `e${'\u0301\u0323'.repeat(1_000_000)}x`;
    expect(fold(run)).toHaveLength(run.length);
    expect(fold(`${run}\u0301`)).toBe(fold(run));
  });
});
