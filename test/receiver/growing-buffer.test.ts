import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Capacity } from '../../src/receiver/capacity.js';
import { BodyTooLarge, FIRST_BYTES, GrowingBuffer } from '../../src/receiver/growing-buffer.js';

const MAX = 50_000;

test('holds what was added, in the room it has taken: at most twice its length, and a minimum', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 16 }), (pieces) => {
      const room = new Capacity(MAX);
      const buffer = new GrowingBuffer(MAX, room);
      for (const piece of pieces) buffer.append(piece);
      const all = Buffer.concat(pieces);
      expect(buffer.bytes.equals(all)).toBe(true);
      expect(room.used).toBe(buffer.capacity);
      expect(buffer.bytes.buffer.byteLength).toBe(buffer.capacity);
      expect(buffer.capacity).toBeLessThanOrEqual(Math.max(FIRST_BYTES, 2 * all.length));
      buffer.release();
      expect(room.used).toBe(0);
    }),
  );
});

test('a million pieces of one byte are held in one buffer of at most two million', () => {
  const room = new Capacity(4_000_000);
  const buffer = new GrowingBuffer(4_000_000, room);
  for (let count = 0; count < 1_000_000; count++) buffer.append(Uint8Array.of(count));
  expect(buffer.bytes.length).toBe(1_000_000);
  expect(room.used).toBeLessThanOrEqual(2_000_000);
});

test('never takes more than the limit, and fills it', () => {
  const room = new Capacity(MAX);
  const buffer = new GrowingBuffer(MAX, room);
  for (let length = 0; length < MAX; length += 1000) buffer.append(new Uint8Array(1000));
  expect(room.used).toBe(MAX);
  expect(() => buffer.append(Uint8Array.of(1))).toThrow(BodyTooLarge);
});

test('without room it refuses and keeps what it has', () => {
  const room = new Capacity(3 * FIRST_BYTES);
  room.tryTake(2 * FIRST_BYTES);
  const buffer = new GrowingBuffer(MAX, room);
  buffer.append(Uint8Array.of(1, 2));
  expect(() => buffer.append(new Uint8Array(FIRST_BYTES))).toThrow(expect.objectContaining({ code: 'unavailable' }));
  expect([...buffer.bytes]).toEqual([1, 2]);
  expect(room.used).toBe(3 * FIRST_BYTES);
});
