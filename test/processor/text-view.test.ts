import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, isEncoded, originOf, viewsOf } from '../../processor/text-view.js';

describe('text view', () => {
  it('folds every character to one of the same length, once and for all', () => {
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      const folded = fold(character);
      if (folded.length !== character.length || fold(folded) !== folded) expect(code.toString(16)).toBe('');
    }
    expect(fold('ΟΔΟΣ ΟΔΟΣ')).toBe(fold('οδος οδοσ'));
  });

  it('has one reading of a text without escapes, several of others', () => {
    expect(viewsOf('Plain+Text')).toEqual([{ text: 'plain text', starts: undefined }]);
    expect(isEncoded('Plain+Text')).toBe(false);
    expect(viewsOf('%41%2542').map(({ text }) => text)).toEqual(['%41%2542', 'a%42', 'ab']);
    expect(viewsOf('\\u0041%5c"').map(({ text }) => text)).toEqual([
      '\\u0041%5c"',
      '\\u0041\\"',
      'a%5c"',
      'a"',
      'a\\"',
    ]);
  });

  it('reads UTF-8, and single bytes where it is none', () => {
    const read = (text: string): string => viewsOf(text)[1]?.text ?? '';
    expect(read('%C3%BC%e2%82%ac%F0%9F%98%80')).toBe('ü€😀');
    expect(read('%FC%C3x%c3%41%80%F7%BF%BF%BF')).toBe('üãxãa\u0080÷¿¿¿');
    expect(read('100% %zz %4')).toBe('100% %zz %4');
  });

  it('knows where every character came from', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', '%41', '%C3%BC', '%F0%9F%98%80', '\\n', '\\u00fc', '%', '\\', '%5C')),
        (parts) => {
          const text = parts.join('');
          for (const view of viewsOf(text)) {
            const origins = Array.from({ length: view.text.length + 1 }, (_, index) => originOf(view, index));
            expect(origins[0]).toBe(0);
            expect(origins.at(-1)).toBe(text.length);
            expect(origins.every((origin, index) => index === 0 || origin >= origins[index - 1]!)).toBe(true);
            for (let index = 0; index < view.text.length; index += 1) {
              if (view.text[index] !== 'a') continue;
              expect(text.slice(origins[index])).toMatch(/^(\\|%5C)*(a|%41)/);
            }
          }
        },
      ),
    );
  });
});
