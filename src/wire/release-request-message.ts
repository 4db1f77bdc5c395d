/** A window's release request as protobuf. */
import * as z from 'zod/mini';
import { bytesOf, count, decodeMessage, HASH_BYTES, hashBytes, hashText, type Decoded } from './release-decoding.js';
import { RequestType } from './release-proto.js';
import type { WindowReleaseRequest } from './release.js';

/** Bounds of a message, from the bounds of a plan: its cells a window, labels and keys. */
const MAX_CELLS = 4096;
const MAX_LABELS = 8;
const MAX_KEYS = 8;
/** Twice the bytes of a 4096-bit modulus. */
const MAX_CIPHERTEXT_BYTES = 1024;

const aggregate = z.object({ kid: hashText, ciphertext: bytesOf(1, MAX_CIPHERTEXT_BYTES) });

const cell = z.object({
  measurement: count,
  labels: z.array(count).check(z.maxLength(MAX_LABELS)),
  aggregates: z.array(aggregate).check(
    z.minLength(1),
    z.maxLength(MAX_KEYS),
    z.refine((all) => new Set(all.map(({ kid }) => kid)).size === all.length, 'names a key twice'),
  ),
  count,
  digest: bytesOf(HASH_BYTES, HASH_BYTES),
});

const request: z.ZodMiniType<WindowReleaseRequest> = z.object({
  planHash: bytesOf(HASH_BYTES, HASH_BYTES),
  report: count,
  windowStart: count,
  windowEnd: count,
  cells: z.array(cell).check(z.minLength(1), z.maxLength(MAX_CELLS)),
});

/** The same request gives the same bytes. Throws `invalid_argument` where a key id is not one. */
export function encodeWindowReleaseRequest(message: WindowReleaseRequest): Uint8Array {
  const cells = message.cells.map((each) => ({
    ...each,
    aggregates: each.aggregates.map(({ kid, ciphertext }) => ({ kid: hashBytes(kid), ciphertext })),
  }));
  return RequestType.encode(RequestType.fromObject({ ...message, cells })).finish();
}

/** Never throws: bytes from an untrusted peer. */
export function decodeWindowReleaseRequest(bytes: Uint8Array): Decoded<WindowReleaseRequest> {
  return decodeMessage(RequestType, request, bytes);
}
