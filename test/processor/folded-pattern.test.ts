import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldedPattern } from '../../processor/folded-pattern.js';
import { fold } from '../../processor/text-view.js';

const LENGTH = 6;
const folded = (unit: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(unit, { minLength: LENGTH, maxLength: LENGTH }).map((units) => fold(units.join('')).slice(0, LENGTH));
const unit = fc.oneof(
  fc.constantFrom(...Array.from('aAkKiIsS +.-\\[]^$|()?*\u212a\u0130\u00e9\u03c2\u{10400}')),
  fc.string({ unit: 'binary' }),
);

describe('the pattern of folded texts', () => {
  it('finds whatever a search in the folded text finds', () => {
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
            if (some.some((each) => fold(text).includes(each))) expect(foldedPattern(some).test(text)).toBe(true);
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

  it('knows everything that is folded to a character of ASCII', () => {
    for (let code = 0; code < 0x10000; code += 1) {
      const text = String.fromCharCode(code);
      const character = fold(text);
      if (character <= '\u007f' && !foldedPattern([character]).test(text)) expect.fail(code.toString(16));
    }
  });

  it('takes characters outside ASCII for each other, which errs on the side of finding', () => {
    expect(foldedPattern(['m\u00fcller']).test('M\u00dcLLER')).toBe(true);
    expect(foldedPattern(['m\u00fcller']).test('m\u00f6ller')).toBe(true);
    expect(foldedPattern(['m\u00fcller']).test('mueller')).toBe(false);
  });
});
