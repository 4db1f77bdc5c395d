import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold } from '../../processor/letter-folding.js';
import { viewsOf } from '../../processor/text-view.js';

describe('text view', () => {
  it('has one reading of a text without escapes, several of others', () => {
    expect(viewsOf('Plain+Text').map(({ text }) => text)).toEqual(['plain text']);
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
    expect(read('%C3%BC%e2%82%ac%F0%9F%98%80')).toBe(fold('ü€😀'));
    expect(read('%FC%C3x%c3%41%80%F7%BF%BF%BF')).toBe(fold('üãxãa\u0080÷¿¿¿'));
    expect(read('100% %zz %4')).toBe('100% %zz %4');
  });

  it('reads a text also without an escape that it ends in', () => {
    const read = (text: string): string[] => viewsOf(text).map((view) => view.text);
    expect(read('a%4')).toEqual(['a%4', 'a%4', 'a', 'a%4', 'a']);
    expect(new Set(read('a\\u00'))).toEqual(new Set(['a\\u00', 'au00', 'a']));
    expect(read('a%5Cu00')).toContain('a');
    expect(read('a%25C3%2')).toContain('a');
    const cut = viewsOf('a%C3').find(({ text }) => text === 'a')!;
    expect([cut.startOf(0), cut.startOf(1), cut.endOf(1)]).toEqual([0, 4, 4]);
  });

  it('ends a unit after all of the character that it stands for', () => {
    const [plain] = viewsOf('a\u00dfe\u0301b');
    expect(plain.text).toBe('asse\u0301b');
    expect([1, 2, 3, 4, 5, 6].map((end) => plain.endOf(end))).toEqual([1, 2, 2, 4, 4, 5]);
  });

  it('knows where every character came from', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('y', '%59', '%C3%BC', '%F0%9F%98%80', '\\n', '\\u00fc', '%', '\\', '%5C')),
        (parts) => {
          const text = parts.join('');
          for (const view of viewsOf(text)) {
            const origins = Array.from({ length: view.text.length + 1 }, (_, index) => view.startOf(index));
            if (view.text !== '') expect(origins[0]).toBe(0);
            expect(origins.at(-1)).toBe(text.length);
            expect(origins.every((origin, index) => index === 0 || origin >= origins[index - 1]!)).toBe(true);
            for (let index = 0; index < view.text.length; index += 1) {
              if (view.text[index] !== 'y') continue;
              expect(text.slice(origins[index])).toMatch(/^(\\|%5C)*(y|%59)/);
            }
          }
        },
      ),
    );
  });
});
