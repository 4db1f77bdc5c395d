import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainText } from '../../processor/plain-text.js';
import { MOST_SEARCHED, MOST_WORK, SEALED, SealedTexts } from '../../processor/sealed-texts.js';

function textsOf(sealed: readonly unknown[], minimumLength = 6): SealedTexts {
  const texts = new SealedTexts(minimumLength);
  for (const value of sealed) texts.add(value);
  return texts;
}

const redact = (text: string, ...sealed: unknown[]): string => textsOf(sealed).redact(text);

const percent = encodeURIComponent;
const json = (text: string): string => JSON.stringify(text).slice(1, -1);

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
    expect(textsOf(['pro'], 3).redact('a pro user')).toBe('a [sealed] user');
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

  it('finds a value in other case behind encodings, in old encodings, and encoded twice', () => {
    const sealed = 'MÜLLER-GmbH & Co';
    for (const text of [
      percent('müller-gmbh & co'),
      'm%fcller-GMBH+%26+Co',
      percent(percent(sealed)),
      json(json(sealed)),
    ]) {
      expect(redact(`q=${text};`, sealed)).toBe('q=[sealed];');
    }
    expect(redact(`{"redirect":"https:\\/\\/shop.example\\/?name=${percent(sealed)}"}`, sealed)).toBe(
      '{"redirect":"https:\\/\\/shop.example\\/?name=[sealed]"}',
    );
    expect(redact('note \\u0061lice@example.com', 'alice@example.com')).toBe('note [sealed]');
  });

  it('finds values of backslashes, quotes and percent signs however they are encoded', () => {
    const value = fc.string({
      unit: fc.constantFrom('\\', '"', '%', '+', ' ', 'a', '4', 'n'),
      minLength: 6,
      maxLength: 40,
    });
    const encodings: ((text: string) => string)[] = [
      (text) => text, percent, json, (text) => percent(json(text)), (text) => json(percent(text)),
      (text) => percent(percent(text)), (text) => percent(text).replaceAll('%20', '+').replaceAll('%22', '"'),
    ]; // prettier-ignore
    fc.assert(
      fc.property(value, fc.constantFrom(...encodings), (sealed, encode) => {
        const text = `q=${encode(sealed)}&z`;
        const redacted = redact(text, sealed);
        expect(redacted).toMatch(/^q=\[sealed\]/);
        expect(redacted).toMatch(/&z$/);
        expect(redacted.length).toBeLessThanOrEqual('q=[sealed]&z'.length + encode(sealed).length - sealed.length);
      }),
    );
  });

  it('ends for texts made to match in many ways', () => {
    const [run, twice] = ['\\'.repeat(2000), '\\'.repeat(4000)];
    expect(redact(`${twice}b`, `${run}a`)).toBe(SEALED);
    expect(redact(`${'\\'.repeat(400)}b`, `${'\\'.repeat(200)}a`)).toBe(`${'\\'.repeat(400)}b`);
    expect(redact('\\"'.repeat(50_000), `${'\\"'.repeat(100)}a`)).toMatch(/\[sealed\]$/);
    expect(redact('a'.repeat(200_000), `${'a'.repeat(200)}b`)).toBe(`${'a'.repeat(199_800)}[sealed]`);
    expect(redact('aaaaaa'.repeat(50_000), 'aaaaaa')).toBe(SEALED);
    expect(redact('%'.repeat(200_000), 'a%%%%%%%')).toBe('%'.repeat(200_000));
  });

  it('replaces every text as a whole where a span holds too many values to search for', () => {
    const values = Array.from({ length: MOST_SEARCHED + 1 }, (_, index) => `value-${String(index)}`);
    expect(redact('nothing in here', ...values.slice(1))).toBe('nothing in here');
    const texts = textsOf(values);
    expect(texts.mayHideIn(new PlainText('nothing in here'))).toBe(true);
    expect([texts.redact('nothing in here'), texts.redact('short')]).toEqual([SEALED, 'short']);
    expect([texts.holds(1234567), texts.holds(200)]).toEqual([true, false]);
  });

  it('replaces every text as a whole once the search has taken too much work', () => {
    const values = Array.from({ length: 64 }, (_, index) => `value-${String(index)}`);
    const texts = textsOf(values);
    const long = 'x'.repeat(MOST_WORK / 64 + 1);
    expect(texts.redact('nothing in here')).toBe('nothing in here');
    expect(texts.redact(long)).toBe(SEALED);
    expect(texts.redact('nothing in here')).toBe(SEALED);
    expect(redact('%25'.repeat(MOST_WORK / 32), 'alice@example.com')).toBe(SEALED);
  });

  it('knows numbers again', () => {
    const texts = textsOf([123456.78, '20260131', 12, '      ']);
    expect([123456.78, 20260131, 12, 0, Number.NaN].map((number) => texts.holds(number))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
