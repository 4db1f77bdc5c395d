import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bigIntToBytes,
  bigIntToMinimalBytes,
  bigIntWriter,
  bitLength,
  bytesToBigInt,
  equalBytesPublic,
  fromBase64Url,
  readBigInt,
  toBase64Url,
} from '../src/bytes.js';
import { sha256 } from '../src/sha256.js';
import { sha256 as portable } from '@noble/hashes/sha2.js';
import { hashFramed, reusingHash } from '../src/framing.js';
import { bufferedRandom, randomBelow, randomBits, systemRandom } from '../src/random.js';

describe('integers and bytes', () => {
  it('round-trip in fixed and minimal width', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 600n }), (value) => {
        expect(bytesToBigInt(bigIntToBytes(value, 80))).toBe(value);
        expect(bytesToBigInt(bigIntToMinimalBytes(value))).toBe(value);
        expect(bitLength(value)).toBe(value === 0n ? 0 : value.toString(2).length);
      }),
    );
  });
  it('are read from and written to a part of more bytes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.nat(40), fc.nat(40), (value, before, after) => {
        const backing = new Uint8Array(before + 16 + after + 3).fill(0xa5);
        const out = backing.subarray(3);
        bigIntWriter(out)(value, before, 16);
        expect(readBigInt(out, before, before + 16)).toBe(value);
        expect(backing.filter((byte) => byte === 0xa5).length).toBeGreaterThanOrEqual(before + after + 3);
        expect(readBigInt(out, before, before)).toBe(0n);
      }),
    );
    expect(() => bigIntWriter(new Uint8Array(4))(256n, 0, 1)).toThrow(/does not fit/);
  });
  it('refuses what does not fit', () => {
    expect(() => bigIntToBytes(256n, 1)).toThrow(/does not fit/);
    expect(() => bigIntToBytes(-1n, 4)).toThrow(/does not fit/);
    expect(bigIntToBytes(255n, 1)).toEqual(new Uint8Array([255]));
    expect(bigIntToMinimalBytes(0n)).toHaveLength(0);
  });
});

describe('base64url', () => {
  it('round-trips and has one encoding per value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64Url(bytes);
        expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
        expect(fromBase64Url(text)).toEqual(bytes);
      }),
    );
  });
  it.each(['AA==', 'AB', 'A', 'A A', 'AA+/', 'AA\n', 'ÄÄ'])('refuses the non-canonical form %j', (text) => {
    expect(fromBase64Url(text)).toBeUndefined();
  });
  it('compares', () => {
    expect(equalBytesPublic(new Uint8Array([1, 2]), new Uint8Array([1, 2]))).toBe(true);
    expect(equalBytesPublic(new Uint8Array([1, 2]), new Uint8Array([1, 3]))).toBe(false);
    expect(equalBytesPublic(new Uint8Array([1]), new Uint8Array([1, 2]))).toBe(false);
  });
});

describe('SHA-256', () => {
  it('is the same from the runtime and from the portable library', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (input) => {
        expect(sha256(input)).toEqual(portable(input));
      }),
    );
  });
});

describe('framed hashing', () => {
  const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
  it('tells apart lists whose concatenation is equal, and labels', () => {
    expect(hashFramed('a', [bytes(1, 2), bytes(3)])).not.toEqual(hashFramed('a', [bytes(1), bytes(2, 3)]));
    expect(hashFramed('a', [bytes(1)])).not.toEqual(hashFramed('b', [bytes(1)]));
    expect(hashFramed('a', [])).not.toEqual(hashFramed('a', [bytes()]));
  });
  it('is the same in memory that is used again, after longer and shorter lists', () => {
    const hash = reusingHash();
    fc.assert(
      fc.property(fc.string(), fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 }), (label, items) => {
        expect(hash(label, items)).toEqual(hashFramed(label, items));
      }),
    );
  });
});

describe('randomness', () => {
  it('draws whole ranges, larger than one call of Web Crypto gives', () => {
    const bytes = systemRandom(200_000);
    expect(bytes).toHaveLength(200_000);
    expect(bytes.subarray(150_000).some((byte) => byte !== 0)).toBe(true);
  });
  it('in blocks hands out every byte once and keeps none of it', () => {
    let next = 0;
    const blocks: Uint8Array[] = [];
    const counting = bufferedRandom((length) => {
      const block = Uint8Array.from({ length }, () => (next = (next + 1) % 251));
      blocks.push(block);
      return block;
    });
    const drawn = [16, 1, 4000, 100, 5000].map((length) => counting(length));
    expect(drawn.map((bytes) => bytes.length)).toEqual([16, 1, 4000, 100, 5000]);
    expect(drawn[1]![0]).toBe(17);
    expect(blocks).toHaveLength(3);
    expect(blocks[0]!.subarray(0, 4017).every((byte) => byte === 0)).toBe(true);
    drawn[3]!.fill(9);
    expect(counting(1)[0]).not.toBe(9);
  });
  it('takes the high bits and rejects above the bound', () => {
    const ones = (length: number): Uint8Array => new Uint8Array(length).fill(255);
    expect(randomBits(ones, 9)).toBe(511n);
    expect(randomBits(ones, 0)).toBe(0n);
    const sequence = [7, 6, 3, 5];
    const scripted = (): Uint8Array => new Uint8Array([(sequence.shift() ?? 0) << 5]);
    expect(randomBelow(scripted, 6n)).toBe(3n);
    expect(sequence).toEqual([5]);
    expect(randomBelow(systemRandom, 1n)).toBe(0n);
  });
});
