/**
 * Attribute values that have parts: lists, maps and bytes, as OpenTelemetry's AnyValue has them. An SDK may keep what
 * its API does not take, and exporters send it.
 */

/** Deeper parts are not looked into. */
const DEPTH = 8;
const ENCODINGS = ['utf-8', 'latin1'] as const;

/** Every text in it and the texts of its numbers, without the keys of maps. */
export function textsIn(value: unknown, depth = 0): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  if (depth > DEPTH) return [];
  if (value instanceof Uint8Array) return readingsOf(value);
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, depth + 1));
  return isMap(value) ? Object.values(value).flatMap((item) => textsIn(item, depth + 1)) : [];
}

/** Whether `isClear` holds for every text and number in it. False where it cannot be known. */
export function isClearThroughout(value: unknown, isClear: (part: string | number) => boolean, depth = 0): boolean {
  if (typeof value === 'string' || typeof value === 'number') return isClear(value);
  if (typeof value === 'bigint') return isClear(String(value));
  if (typeof value !== 'object' || value === null) return true;
  if (depth > DEPTH) return false;
  if (value instanceof Uint8Array) return readingsOf(value).every(isClear);
  const areClear = (parts: readonly unknown[]): boolean =>
    parts.every((part) => isClearThroughout(part, isClear, depth + 1));
  if (Array.isArray(value)) return areClear(value);
  return isMap(value) && areClear(Object.entries(value).flat());
}

function readingsOf(bytes: Uint8Array): string[] {
  return ENCODINGS.map((encoding) => new TextDecoder(encoding).decode(bytes));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
