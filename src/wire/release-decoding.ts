/** Bytes to a checked message: protobuf first, then a schema. Never throws; hostile bytes name their fault. */
import type protobuf from 'protobufjs';
import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';

export type Decoded<Message> =
  | { readonly ok: true; readonly message: Message }
  /** Names the field and what is wrong with it; no contents. */
  | { readonly ok: false; readonly fault: string };

/** Length of hashes, key ids and release ids. */
export const HASH_BYTES = 32;

/** A byte string of bounded length. */
export const bytesOf = (least: number, most: number) =>
  z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length >= least && value.length <= most,
    'has the wrong number of bytes',
  );

/** 32 bytes on the wire, base64url in the program. */
export const hashText = z.pipe(bytesOf(HASH_BYTES, HASH_BYTES), z.transform(toBase64Url));

/** A non-negative integer below 2^53; larger ones on the wire are refused, never rounded. */
export const count = z.int().check(z.gte(0));

export function decodeMessage<Message>(
  type: protobuf.Type,
  schema: z.ZodMiniType<Message>,
  bytes: Uint8Array,
): Decoded<Message> {
  let plain: unknown;
  try {
    plain = type.toObject(type.decode(bytes), { longs: Number, arrays: true, defaults: true });
  } catch {
    return { ok: false, fault: 'not a protobuf message of this type' };
  }
  const parsed = schema.safeParse(plain);
  return parsed.success ? { ok: true, message: parsed.data } : { ok: false, fault: faultOf(parsed.error.issues) };
}

function faultOf(issues: readonly z.core.$ZodIssue[]): string {
  const [first] = issues;
  return first === undefined ? 'malformed' : `${first.path.map(String).join('.')}: ${first.message}`;
}

/** Inverse of `hashText`; throws `invalid_argument` where the text is not 32 bytes of base64url. */
export function hashBytes(text: string): Uint8Array {
  const bytes = fromBase64Url(text);
  if (bytes?.length !== HASH_BYTES) {
    throw new TelemetryKitError('invalid_argument', 'a key id, hash or release id is not 32 bytes of base64url', {
      fix: 'pass ids as this library returned them',
    });
  }
  return bytes;
}
