import { describe, expect, it } from 'vitest';
import { isClearThroughout, textsIn } from '../../processor/compound-value.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const isClear = (part: string | number): boolean => !String(part).includes('secret') && part !== 4711;
const nested = (depth: number, inner: unknown): unknown => (depth === 0 ? inner : [nested(depth - 1, inner)]);
const cyclic: unknown[] = [];
cyclic.push(cyclic);

describe('compound values', () => {
  it.each<[string, unknown]>([
    ['a list', ['a', ['b', 'the secret']]],
    ['a map', { a: { b: 'the secret' } }],
    ['a key', { a: { 'the secret': 1 } }],
    ['bytes', bytes('the secret')],
    ['bytes in a list', [[bytes('the secret')]]],
    ['a number', { a: [1, 4711] }],
    ['an object of a class', new URL('https://shop.example/')],
    ['a map without an end', cyclic],
    ['too deep a list', nested(20, 'a')],
  ])('are not clear with something sealed, or unknown, in %s', (_, value) => {
    expect(isClearThroughout(value, isClear)).toBe(false);
  });

  it('are clear otherwise', () => {
    const value = { a: ['b', null, undefined, true], c: bytes('public'), d: Object.create(null) as object, e: 5 };
    expect(isClearThroughout(value, isClear)).toBe(true);
  });

  it('have the texts that are in them, and end', () => {
    const value = { a: ['b', 7, [true, null]], c: bytes('d'), e: 5n, f: new Map([['g', 'h']]) };
    expect(textsIn(value)).toEqual(['b', '7', 'd', 'd', '5']);
    expect(textsIn(cyclic)).toEqual([]);
    expect(textsIn(nested(3, 'a'))).toEqual(['a']);
  });
});
