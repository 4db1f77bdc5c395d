/**
 * Hashing with framed items: every item is preceded by its length as a u32, big-endian, and the first
 * item is a label of its own for each use. So no two different lists of items give the same bytes, and
 * no hash made for one purpose is accepted for another.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from './bytes.js';

/** Adds one framed item to a running hash. */
export function updateFramed(hash: ReturnType<typeof sha256.create>, item: Uint8Array): void {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, item.length);
  hash.update(length).update(item);
}

/** SHA-256 over framed items, the UTF-8 label first. */
export function hashFramed(label: string, items: Iterable<Uint8Array>): Uint8Array {
  const hash = sha256.create();
  updateFramed(hash, utf8ToBytes(label));
  for (const item of items) updateFramed(hash, item);
  return hash.digest();
}

/** An unsigned integer below 2^53 as 8 bytes, big-endian: how every count, index and time is hashed. */
export function u64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}
