import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldedPattern } from '../../processor/folded-pattern.js';
import { fold, isAscii } from '../../processor/letter-folding.js';

const LENGTH = 6;
const folded = (unit: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(unit, { minLength: LENGTH, maxLength: LENGTH })
    .map((units) => fold(`${units.join('')}abcdef`).slice(0, LENGTH));
const unit = fc.oneof(
  fc.constantFrom(...Array.from('aAkKiIsS +.-\\[]^$|()?*\u212a\u0130\u00e9\u03c2\u{10400}')),
  fc.string({ unit: 'binary' }),
);

describe('the pattern of folded texts', () => {
  it('finds what a search in the folded text finds', () => {
    const texts = fc.array(folded(unit), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        texts,
        fc.array(unit, { maxLength: 8 }),
        fc.nat(),
        fc.array(unit, { maxLength: 8 }),
        (some, a, which, b) => {
          const hidden = some[which % some.length]!;
          for (const inside of [hidden, hidden.toUpperCase(), hidden.replaceAll(' ', '+')]) {
            const text = a.join('') + inside + b.join('');
            const isIn = some.some((each) => fold(text).includes(each));
            expect(foldedPattern(some).test(fold(text))).toBe(isIn);
            if (isAscii(text)) expect(foldedPattern(some).test(text)).toBe(isIn);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('finds nothing else in ASCII', () => {
    const ascii = fc.constantFrom(...Array.from('abABkKiI+ .\\[(|'));
    const texts = fc.array(folded(ascii), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(texts, fc.array(ascii, { maxLength: 40 }), (some, units) => {
        const text = units.join('');
        expect(foldedPattern(some).test(text)).toBe(some.some((each) => fold(text).includes(each)));
      }),
      { numRuns: 2000 },
    );
  });

  it('finds texts of several lengths by what they have in common with the shortest', () => {
    const pattern = foldedPattern(['abcdef', 'abcx', 'xyz']);
    expect(['ABC', 'xyz', 'ab', 'abx'].map((text) => pattern.test(text))).toEqual([true, true, false, false]);
  });
});
