/**
 * Hashing with framed items: every item is preceded by its length as a u32, big-endian, and the first
 * item is a label of its own for each use. So no two different lists of items give the same bytes, and
 * no hash made for one purpose is accepted for another.
 */
import { utf8ToBytes } from './bytes.js';
import { sha256 } from './sha256.js';

const LENGTH_BYTES = 4;

/** Hashes framed items, the UTF-8 label first: 32 bytes. */
export type FramedHash = (label: string, items: readonly Uint8Array[]) => Uint8Array;

/** SHA-256 over framed items, the UTF-8 label first: 32 bytes. */
export const hashFramed: FramedHash = (label, items) => {
  const first = labelBytes(label);
  const framed = new Uint8Array(framedLength(first, items));
  writeFrames(framed, first, items);
  return sha256(framed);
};

/**
 * The same for callers that hash often: frames are put together in memory that is kept for the next time. They stay
 * in it, so what is hashed must be public.
 */
export function reusingHash(): FramedHash {
  let memory = new Uint8Array(0);
  return (label, items) => {
    const first = labelBytes(label);
    const length = framedLength(first, items);
    if (length > memory.length) memory = new Uint8Array(length);
    writeFrames(memory, first, items);
    return sha256(memory.subarray(0, length));
  };
}

/** Labels are constants of the program: each is encoded once. */
const known = new Map<string, Uint8Array>();

function labelBytes(label: string): Uint8Array {
  const bytes = known.get(label) ?? utf8ToBytes(label);
  known.set(label, bytes);
  return bytes;
}

function framedLength(first: Uint8Array, items: readonly Uint8Array[]): number {
  let length = LENGTH_BYTES + first.length;
  for (const item of items) length += LENGTH_BYTES + item.length;
  return length;
}

function writeFrames(out: Uint8Array, first: Uint8Array, items: readonly Uint8Array[]): void {
  const view = new DataView(out.buffer);
  let offset = writeFrame(out, view, 0, first);
  for (const item of items) offset = writeFrame(out, view, offset, item);
}

/** @returns the offset of what follows. */
function writeFrame(out: Uint8Array, view: DataView, offset: number, item: Uint8Array): number {
  view.setUint32(offset, item.length);
  out.set(item, offset + LENGTH_BYTES);
  return offset + LENGTH_BYTES + item.length;
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
