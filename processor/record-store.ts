/**
 * Records of one kind, first in, first out, in the chunks they came in. Handing out moves a position that
 * never goes back, so no record is handed out twice. SECRET.
 */
import { TelemetryKitError } from '../src/errors.js';

export class RecordStore {
  readonly #recordBytes: number;
  #chunks: Uint8Array[] = [];
  /** In the first chunk. */
  #position = 0;
  #size = 0;

  constructor(recordBytes: number) {
    this.#recordBytes = recordBytes;
  }

  /** Records held. */
  get size(): number {
    return this.#size;
  }

  /** Takes over a chunk of whole records, at least one; throws `randomness` for any other length. */
  add(chunk: Uint8Array): void {
    const count = chunk.length / this.#recordBytes;
    if (!Number.isInteger(count) || count === 0) {
      throw new TelemetryKitError('randomness', 'precomputed randomness has the wrong length', {
        fix: 'use a pair source made for the same public key',
      });
    }
    this.#chunks.push(chunk);
    this.#size += count;
  }

  /** Hands out `count` records; the store must hold as many. */
  take(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.#takeOne());
  }

  /** Overwrites and forgets everything not yet handed out. */
  clear(): void {
    this.#chunks.forEach((chunk, index) => chunk.fill(0, index === 0 ? this.#position : 0));
    this.#chunks = [];
    this.#position = 0;
    this.#size = 0;
  }

  #takeOne(): Uint8Array {
    const chunk = this.#chunks[0] ?? new Uint8Array(0);
    const start = this.#position;
    const end = start + this.#recordBytes;
    this.#size -= 1;
    this.#position = end;
    if (end === chunk.length) {
      this.#chunks.shift();
      this.#position = 0;
    }
    return chunk.subarray(start, end);
  }
}
