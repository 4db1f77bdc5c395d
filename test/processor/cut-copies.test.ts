/** Copies in any case, normalization form and encoding, cut anywhere: what the documents promise to find is found. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealedTexts } from '../../processor/sealed-texts.js';

const MINIMUM = 6;
const percent = encodeURIComponent;
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
/** As Python writes JSON: nothing but ASCII. */
const asciiJson = (text: string): string =>
  json(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  percent,
  (text) => percent(text).toLowerCase(),
  (text) => percent(text).replaceAll('%20', '+'),
  json,
  asciiJson,
  (text) => percent(percent(text)),
  (text) => percent(asciiJson(text)),
  (text) => asciiJson(percent(text)),
  (text) => json(asciiJson(text)),
];
const WRITINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => text.toLocaleUpperCase('tr'),
  (text) => text.toLocaleLowerCase('tr'),
  (text) => text.normalize('NFD'),
  (text) => text.normalize('NFC').toUpperCase(),
  (text) => text.normalize('NFKC'),
];

const LETTERS = Array.from('aBiI\u0130\u0131\u00df\u1e9e\u00b5\u017f\u212a\u03c3\u03c2\ufb01\ufb03\u00e9\u1ead\u1fb3\u4e2d\u{1f600}\u{10400} .+%&\\"\n'); // prettier-ignore
/** Begins with a letter that is nowhere in what it is hidden in. */
const value = fc
  .array(
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...LETTERS) }, fc.string({ unit: 'grapheme', maxLength: 1 })),
    {
      minLength: MINIMUM,
      maxLength: 24,
    },
  )
  .map((units) => `x${units.join('')}`)
  .filter((text) => text.length >= MINIMUM);

/** The first characters of a text, so many of them as are no combining marks, and what follows. */
function split(text: string, count: number): [beginning: string, rest: string] {
  const characters = Array.from(text);
  let left = count;
  const end = characters.findIndex((character) => !/\p{M}/u.test(character) && left-- === 0);
  return end < 0 ? [text, ''] : [characters.slice(0, end).join(''), characters.slice(end).join('')];
}

const redact = (text: string, sealed: string): string => {
  const texts = new SealedTexts(MINIMUM);
  texts.add(sealed);
  return texts.redact(text);
};

describe('a copy', () => {
  const embedding = fc.tuple(fc.constantFrom(...WRITINGS), fc.constantFrom(...ENCODINGS));

  it('is found in any case, normalization form and encoding', () => {
    fc.assert(
      fc.property(value, embedding, (sealed, [write, encode]) => {
        const redacted = redact(`q=${encode(write(sealed))};`, sealed);
        expect(redacted).toMatch(/^q=\[sealed\].*;$/s);
        expect(redacted.length).toBeLessThan('q=[sealed];'.length + encode(write(sealed)).length - sealed.length / 2);
      }),
      { numRuns: 5000 },
    );
  });

  it('is found where a limit of length cuts it, also inside an escape', () => {
    fc.assert(
      fc.property(value, embedding, fc.nat(20), fc.nat(), (sealed, [write, encode], more, cut) => {
        const [beginning, rest] = split(write(sealed), MINIMUM + more);
        const following = encode(rest);
        const text = `q=${encode(beginning)}${following.slice(0, following === '' ? 0 : cut % following.length)}`;
        expect(redact(text, sealed)).toBe('q=[sealed]');
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    ['\\u00', 'x12345\\u00'],
    ['%C', 'x12345%C'],
    ['%C3%', 'x12345%C3%'],
    ['%C3%B', 'x12345%C3%B'],
    ['%25C3%25', 'x12345%25C3%25'],
    ['\\', 'x12345\\'],
    ['half of a pair', 'x12345\ud83d'],
  ])('is found where it is cut after %s', (_, copy) => {
    expect(redact(`to ${copy}`, 'x12345\u00fc\u{1f600}')).toBe('to [sealed]');
    expect(redact(`to ${copy}`, 'x12345\u{1f600}')).toBe('to [sealed]');
    expect(redact(`to ${copy.slice(1)}`, 'x12345\u00fc\u{1f600}')).toBe(`to ${copy.slice(1)}`);
  });

  it('is not found where less than six characters are left of it, or it goes on otherwise', () => {
    expect(redact('to x1234\\u00', 'x1234\u00fc67')).toBe('to x1234\\u00');
    expect(redact('to x12345...', 'x12345\u00fc67')).toBe('to x12345...');
  });
});
