/** The demo's leak scanner finds planted texts in every encoding, wherever chunks are cut, and nothing else. */
import { describe, expect, it } from 'vitest';
import { LeakScanner, patternsOf } from '../../examples/shop/demo/leak-scanner.mjs';

const SECRET = 'enterprise-annual-7';
const patterns = patternsOf([SECRET, 'export-quarterly-pdf']);

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('');
const escaped = (text: string): string => Array.from(text, (c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('');

const planted: [string, Buffer][] = [
  ['plain', Buffer.from(SECRET)],
  ['upper case', Buffer.from(SECRET.toUpperCase())],
  ['utf-16 little-endian', Buffer.from(SECRET, 'utf16le')],
  ['utf-16 big-endian', utf16be(SECRET)],
  ['lower-case hex', Buffer.from(Buffer.from(SECRET).toString('hex'))],
  ['upper-case hex', Buffer.from(Buffer.from(SECRET).toString('hex').toUpperCase())],
  ['percent', Buffer.from(percent(SECRET))],
  ['percent, lower case', Buffer.from(percent(SECRET).toLowerCase())],
  ['JSON escapes', Buffer.from(escaped(SECRET))],
  ...['', 'x', 'xy', 'xyz'].flatMap((before): [string, Buffer][] => [
    [`base64 after ${String(before.length)}`, Buffer.from(Buffer.from(`${before}${SECRET}rest`).toString('base64'))],
    [`base64url after ${String(before.length)}`, Buffer.from(Buffer.from(before + SECRET).toString('base64url'))],
  ]),
];

function found(chunks: readonly Uint8Array[]): string[] {
  const scanner = new LeakScanner(patterns);
  return chunks.flatMap((chunk) => scanner.scan(chunk).map(({ text }) => text));
}

describe('the leak scanner', () => {
  it.each(planted)('finds a text written as %s', (_name, bytes) => {
    expect(new Set(found([Buffer.concat([Buffer.from('{"a":"'), bytes, Buffer.from('"}')])]))).toEqual(
      new Set([SECRET]),
    );
  });

  it.each(planted)('finds it as %s wherever it is cut in two', (_name, bytes) => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(found([Buffer.concat([Buffer.from('head'), bytes.subarray(0, cut)]), bytes.subarray(cut)])).toContain(
        SECRET,
      );
    }
  });

  it('finds a text that arrives byte by byte, once', () => {
    const bytes = Buffer.from(`head ${SECRET} tail that is longer than any way of writing it`.padEnd(400, '.'));
    expect(found([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual([SECRET]);
  });

  it('finds nothing in other bytes and counts them all', () => {
    const scanner = new LeakScanner(patterns);
    const near = ['enterprise-annual-8', 'enterprise-annual-', 'export-monthly-pdf', '\u0000\u0001'];
    expect(near.flatMap((text) => scanner.scan(Buffer.from(text)))).toEqual([]);
    expect(scanner.bytesScanned).toBe(near.join('').length);
  });

  it('refuses texts short enough to turn up by chance', () => {
    expect(() => patternsOf(['pdf'])).toThrow('too short');
  });
});
