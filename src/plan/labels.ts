/**
 * What labels may say. The values of a closed label are listed in the plan and travel as positions. Those of an
 * open label, its keys, are met in spans and travel as text that has one encoding: well-formed UTF-8 of bounded
 * length without control characters. The processor brings what it meets into Unicode normal form C, so that one
 * spelling is one key; nobody else demands it, because the form of rare characters depends on the version of
 * Unicode, and a receiver's verdict must not.
 */
import { utf8ToBytes } from '../bytes.js';
import type { Label, LabelValue, OpenLabel } from './plan.js';

/** What is counted under no key of its own: published whatever it holds, and never a key itself. */
export const OTHER_KEY = '__other__';
/** Bytes of UTF-8 of any key. */
export const MAX_KEY_BYTES = 64;
/** Keys that one window of a report takes; contributions under further ones are refused. */
export const MAX_KEYS = 10_000;

/** Control characters, and halves of surrogate pairs, which no UTF-8 encodes. */
const UNENCODABLE = /[\p{Cc}\p{Cs}]/u;

export function isOpen(label: Label): label is OpenLabel {
  return 'open' in label && label.open;
}

/** Values that a plan lists: none of an open label. */
export function listedValues(label: Label): readonly string[] {
  return isOpen(label) ? [] : label.values;
}

/** A value as it is published. */
export function labelText(label: Label, value: LabelValue | undefined): string {
  return typeof value === 'string' ? value : (listedValues(label)[value ?? -1] ?? '');
}

/** Whether a text can be a key of any open label, or `__other__`. */
export function isKey(text: string): boolean {
  return text !== '' && !UNENCODABLE.test(text) && utf8ToBytes(text).length <= MAX_KEY_BYTES;
}

/** The key of an attribute's value; `__other__` where there is none, or it has more bytes than the plan allows. */
export function keyOf(value: unknown, longest: number): string {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  // Composing shortens a text, but not to less than a quarter.
  if (typeof text !== 'string' || text.length > 4 * longest) return OTHER_KEY;
  const key = text.normalize('NFC');
  return isKey(key) && utf8ToBytes(key).length <= longest ? key : OTHER_KEY;
}

/** Ascending by their UTF-8 bytes, which is the order of code points and not that of strings. */
export function compareKeys(a: string, b: string): number {
  const [left, right] = [utf8ToBytes(a), utf8ToBytes(b)];
  const difference = left.findIndex((byte, index) => byte !== right[index]);
  return difference < 0 ? left.length - right.length : (left[difference] ?? 0) - (right[difference] ?? -1);
}

/** Ascending, each key once. */
export function areInOrder(keys: readonly string[]): boolean {
  return keys.every((key, index) => index === 0 || compareKeys(keys[index - 1] ?? '', key) < 0);
}
