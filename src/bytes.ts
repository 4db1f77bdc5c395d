/**
 * Byte strings: big-endian unsigned integers of fixed width, canonical base64url (RFC 4648 section 5,
 * no padding), concatenation and comparison. Works in Node and in browsers.
 */
import { bytesToHex as portableToHex, hexToBytes as portableFromHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { assertArgument } from './errors.js';

export { utf8ToBytes };

/** The one Node-only fast path: `Buffer` where the runtime has it, several times faster than loops. */
const NodeBuffer = (globalThis as { Buffer?: typeof Buffer }).Buffer;

/** Lower-case hexadecimal. */
export function bytesToHex(bytes: Uint8Array): string {
  return rangeToHex(bytes, 0, bytes.length);
}

function rangeToHex(bytes: Uint8Array, start: number, end: number): string {
  return NodeBuffer === undefined
    ? portableToHex(bytes.subarray(start, end))
    : NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex', start, end);
}

/** Inverse of `bytesToHex` for an even number of hexadecimal digits. */
function hexToBytes(hex: string): Uint8Array {
  return NodeBuffer === undefined ? portableFromHex(hex) : plainView(NodeBuffer.from(hex, 'hex'));
}

/** The same bytes without `Buffer`'s own methods, whose `slice` does not copy. */
function plainView(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Big-endian unsigned integer; the empty string is 0. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  return readBigInt(bytes, 0, bytes.length);
}

/** The same of the bytes from `start` up to `end`. */
export function readBigInt(bytes: Uint8Array, start: number, end: number): bigint {
  return start >= end ? 0n : BigInt(`0x${rangeToHex(bytes, start, end)}`);
}

/** Big-endian encoding in exactly `width` bytes. Throws `invalid_argument` if negative or too large. */
export function bigIntToBytes(value: bigint, width: number): Uint8Array {
  return hexToBytes(fixedHex(value, width));
}

/** Writes big-endian encodings into `out`: `value` in exactly `width` bytes from `offset`. Throws as bigIntToBytes. */
export function bigIntWriter(out: Uint8Array): (value: bigint, offset: number, width: number) => void {
  const target = NodeBuffer?.from(out.buffer, out.byteOffset, out.byteLength);
  return (value, offset, width) => {
    if (target === undefined) out.set(bigIntToBytes(value, width), offset);
    else target.write(fixedHex(value, width), offset, width, 'hex');
  };
}

function fixedHex(value: bigint, width: number): string {
  const hex = value.toString(16);
  assertArgument(
    value >= 0n && hex.length <= 2 * width,
    `integer does not fit in ${String(width)} unsigned bytes`,
    'pass a non-negative integer of the declared width',
  );
  return hex.padStart(2 * width, '0');
}

/** Shortest big-endian encoding; 0 is the empty string. */
export function bigIntToMinimalBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  return bigIntToBytes(value, Math.ceil(value.toString(16).length / 2));
}

/** Number of bits of a non-negative integer; 0 has none. */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return 4 * (hex.length - 1) + (32 - Math.clz32(parseInt(hex.charAt(0), 16)));
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Equality in variable time: for public data only. */
export function equalBytesPublic(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function toBase64Url(bytes: Uint8Array): string {
  if (NodeBuffer !== undefined) {
    return NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
  }
  let binary = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Decodes canonical base64url: unpadded, URL alphabet, unused low bits zero.
 * @returns `undefined` where the text has any other form, so that one value has one encoding.
 */
export function fromBase64Url(text: string): Uint8Array | undefined {
  const bytes = decodeLoosely(text);
  return bytes !== undefined && toBase64Url(bytes) === text ? bytes : undefined;
}

function decodeLoosely(text: string): Uint8Array | undefined {
  if (NodeBuffer !== undefined) return plainView(NodeBuffer.from(text, 'base64url'));
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
