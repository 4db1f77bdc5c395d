/**
 * Labels in an envelope's header, in the report's order: of a closed label the position of its value, u16; of an
 * open one 0xFFFF, the length of its key in bytes, u32, and the key in UTF-8.
 */
import { utf8ToBytes } from '../bytes.js';
import { isKey, isOpen, MAX_KEY_BYTES } from '../plan/labels.js';
import type { Label, LabelValue } from '../plan/plan.js';

const POSITION_BYTES = 2;
const LENGTH_BYTES = 4;
/** Stands where a closed label has its position: no label lists so many values. */
export const KEY_FOLLOWS = 0xffff;

/** Only well-formed UTF-8, a byte order mark being a character like any other. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface ReadEntries {
  readonly labels: readonly LabelValue[];
  /** Of the open label's key; `undefined` where no label is open. */
  readonly keyBytes: number | undefined;
  /** Offset of what follows. */
  readonly end: number;
}

/** A report has at most one open label, whose key has this many bytes. */
export function entriesBytes(labelCount: number, keyBytes?: number): number {
  return POSITION_BYTES * labelCount + (keyBytes === undefined ? 0 : LENGTH_BYTES + keyBytes);
}

/** Bytes of the open label's key; `undefined` where no label is open. */
export function keyBytesOf(labels: readonly LabelValue[]): number | undefined {
  const key = labels.find((label) => typeof label === 'string');
  return key === undefined ? undefined : utf8ToBytes(key).length;
}

/** @returns the offset of what follows. */
export function writeEntries(view: DataView, start: number, labels: readonly LabelValue[]): number {
  let offset = start;
  for (const label of labels) {
    view.setUint16(offset, typeof label === 'string' ? KEY_FOLLOWS : label);
    offset += POSITION_BYTES;
    if (typeof label === 'string') offset = writeKey(view, offset, utf8ToBytes(label));
  }
  return offset;
}

/** `undefined` where bytes are missing, or an open label has no key in its one encoding. Positions are as they are. */
export function readEntries(bytes: Uint8Array, start: number, labels: readonly Label[]): ReadEntries | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: LabelValue[] = [];
  let offset = start;
  let keyBytes: number | undefined;
  for (const label of labels) {
    if (isOpen(label)) {
      const key = readKey(bytes, view, offset);
      if (key === undefined) return undefined;
      values.push(key.text);
      keyBytes = key.bytes;
      offset += entriesBytes(1, keyBytes);
    } else {
      if (bytes.length < offset + POSITION_BYTES) return undefined;
      values.push(view.getUint16(offset));
      offset += POSITION_BYTES;
    }
  }
  return { labels: values, keyBytes, end: offset };
}

function writeKey(view: DataView, offset: number, key: Uint8Array): number {
  view.setUint32(offset, key.length);
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(key, offset + LENGTH_BYTES);
  return offset + LENGTH_BYTES + key.length;
}

function readKey(
  bytes: Uint8Array,
  view: DataView,
  offset: number,
): { readonly text: string; readonly bytes: number } | undefined {
  const start = offset + POSITION_BYTES + LENGTH_BYTES;
  if (bytes.length < start || view.getUint16(offset) !== KEY_FOLLOWS) return undefined;
  const length = view.getUint32(offset + POSITION_BYTES);
  if (length > MAX_KEY_BYTES || bytes.length < start + length) return undefined;
  const text = decodeUtf8(bytes.subarray(start, start + length));
  return text !== undefined && isKey(text) ? { text, bytes: length } : undefined;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
