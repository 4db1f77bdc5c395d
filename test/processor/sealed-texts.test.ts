import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEALED, SealedTexts } from '../../processor/sealed-texts.js';

const redact = (text: string, ...sealed: unknown[]): string => SealedTexts.of(sealed, 6).redact(text);

describe('sealed texts', () => {
  it('finds a value as it is, in another case, percent-encoded, form-encoded and JSON-escaped', () => {
    expect(redact('user alice@example.com failed', 'alice@example.com')).toBe('user [sealed] failed');
    expect(redact('user Alice@Example.COM failed', 'alice@example.com')).toBe('user [sealed] failed');
    expect(redact('/find?mail=alice%40example.com&page=2', 'alice@example.com')).toBe('/find?mail=[sealed]&page=2');
    expect(redact('/find?mail=alice%40example%2ecom&page=2', 'alice@example.com')).toBe('/find?mail=[sealed]&page=2');
    expect(redact('/find?name=J%C3%BCrgen+Klopp', 'Jürgen Klopp')).toBe('/find?name=[sealed]');
    expect(redact('/find?name=J%c3%bcrgen%20Klopp', 'Jürgen Klopp')).toBe('/find?name=[sealed]');
    expect(redact(JSON.stringify({ note: 'the "big" one\n' }), 'the "big" one\n')).toBe('{"note":"[sealed]"}');
  });

  it('takes the rest of the word, which the recorded value may have been cut before', () => {
    expect(redact('user alice.smith@example.com failed', 'alice.smit')).toBe('user [sealed] failed');
  });

  it('takes the beginning of a value where the text was cut inside it', () => {
    expect(redact('https://shop.example/?q=alice.smi', 'alice.smith@example.com')).toBe(
      'https://shop.example/?q=[sealed]',
    );
    expect(redact('https://shop.example/?q=a%26b%26', 'a&b&cdefgh')).toBe('https://shop.example/?q=[sealed]');
    expect(redact('https://shop.example/?q=alic', 'alice.smith@example.com')).toBe('https://shop.example/?q=alic');
  });

  it('leaves short values alone', () => {
    expect(redact('a pro user', 'pro', true, 12345)).toBe('a pro user');
    expect(SealedTexts.of(['pro'], 3).redact('a pro user')).toBe('a [sealed] user');
  });

  it('looks into arrays, and for numbers by their decimal text', () => {
    expect(redact('card 4111111111111111 of team-monthly', 4111111111111111, ['x', 'team-monthly'])).toBe(
      'card [sealed] of [sealed]',
    );
  });

  it('prefers the longer of two values', () => {
    expect(redact('at premium plus now', 'premium', 'premium plus')).toBe('at [sealed] now');
  });

  it('replaces the whole rest where a very long value begins', () => {
    const long = 'x1 '.repeat(50_000);
    expect(redact(`before ${long} after`, long)).toBe('before [sealed]');
  });

  it('never throws, and leaves no sealed value behind, in clear or percent-encoded', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const sealed = fc
      .string({ unit: 'binary', minLength: 6, maxLength: 40 })
      .filter((value) => !SEALED.includes(value));
    fc.assert(
      fc.property(sealed, text, text, (value, before, after) => {
        expect(redact(before + value + after, value)).not.toContain(value);
        const encoded = encodeURIComponent(value);
        fc.pre(!SEALED.includes(encoded));
        expect(redact(before + encoded + after, value)).not.toContain(encoded);
      }),
    );
  });

  it('survives text that is not well-formed UTF-16', () => {
    expect(redact('a \ud800broken\udc00 value', '\ud800broken\udc00')).toBe('a [sealed] value');
  });
});
