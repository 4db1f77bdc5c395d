/**
 * Bytes that arrive in pieces, copied into one buffer that doubles: however small the pieces, they cost at
 * most twice their length, and a fixed minimum. The room for the buffer is taken before it is made. While it
 * grows, the half it had before exists beside it for the time of one copy.
 */
import type { Capacity } from './capacity.js';
import { busy } from './failure.js';

/** The first buffer; fewer bytes are not worth another allocation. */
export const FIRST_BYTES = 4096;

export class BodyTooLarge extends Error {}

export class GrowingBuffer {
  readonly #maxBytes: number;
  readonly #room: Capacity;
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number, room: Capacity) {
    this.#maxBytes = maxBytes;
    this.#room = room;
  }

  /** Bytes of room taken. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** A view of what was added. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Throws `BodyTooLarge` beyond the limit and `unavailable` without room, adding nothing. */
  append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#maxBytes) throw new BodyTooLarge();
    if (length > this.capacity) this.#grow(length);
    this.#buffer.set(piece, this.#length);
    this.#length = length;
  }

  /** Gives the room back; the bytes must not be used afterwards. */
  release(): void {
    this.#room.give(this.capacity);
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }

  #grow(needed: number): void {
    const wanted = Math.max(FIRST_BYTES, needed, 2 * this.capacity);
    const capacity = Math.max(needed, Math.min(wanted, this.#maxBytes));
    if (!this.#room.tryGrow(this.capacity, capacity)) throw busy();
    const grown = Buffer.allocUnsafeSlow(capacity);
    grown.set(this.bytes);
    this.#buffer = grown;
  }
}
