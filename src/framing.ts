/**
 * Hashing with framed items: every item is preceded by its length as a u32, big-endian, and the first
 * item is a label of its own for each use. So no two different lists of items give the same bytes, and
 * no hash made for one purpose is accepted for another.
 */
import { utf8ToBytes } from './bytes.js';
import { sha256 } from './sha256.js';

const LENGTH_BYTES = 4;

/** SHA-256 over framed items, the UTF-8 label first: 32 bytes. */
export function hashFramed(label: string, items: readonly Uint8Array[]): Uint8Array {
  const all = [utf8ToBytes(label), ...items];
  const framed = new Uint8Array(all.reduce((sum, item) => sum + LENGTH_BYTES + item.length, 0));
  const view = new DataView(framed.buffer);
  let offset = 0;
  for (const item of all) {
    view.setUint32(offset, item.length);
    framed.set(item, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + item.length;
  }
  return sha256(framed);
}

/** An unsigned integer below 2^53 as 8 bytes, big-endian: how every count, index and time is hashed. */
export function u64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  let rest = value;
  for (let index = 7; rest > 0; index -= 1) {
    out[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
}
