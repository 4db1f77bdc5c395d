/** A window's release request as protobuf. */
import * as z from 'zod/mini';
import { bytesOf, count, decodeMessage, HASH_BYTES, hashBytes, hashText, type Decoded } from './release-decoding.js';
import { isKey } from '../plan/labels.js';
import { KEY_FOLLOWS } from './label-entries.js';
import { RequestType } from './release-proto.js';
import type { CellAggregate, KeyedAggregate, WindowReleaseRequest } from './release.js';

/** Most cells asked for at once, the most that a window of closed labels has. */
export const MAX_CELLS = 4096;
/** Bounds of a message, from the bounds of a plan: labels and keys. */
const MAX_LABELS = 8;
const MAX_KEYS = 8;
/** Twice the bytes of a 4096-bit modulus. */
const MAX_CIPHERTEXT_BYTES = 1024;

const aggregate = z.object({ kid: hashText, ciphertext: bytesOf(1, MAX_CIPHERTEXT_BYTES) });

/** One per key, at least one. */
export const keyedAggregates = z.array(aggregate).check(
  z.minLength(1),
  z.maxLength(MAX_KEYS),
  z.refine((all) => new Set(all.map(({ kid }) => kid)).size === all.length, 'names a key twice'),
);

/** A window of a report. */
export const windowFields = {
  planHash: bytesOf(HASH_BYTES, HASH_BYTES),
  report: count,
  windowStart: count,
  windowEnd: count,
};

const cell = z.pipe(
  z.object({
    measurement: count,
    labels: z.array(count).check(z.maxLength(MAX_LABELS)),
    key: z.string(),
    aggregates: keyedAggregates,
    count,
    digest: bytesOf(HASH_BYTES, HASH_BYTES),
  }),
  z.transform(({ key, ...others }, context): CellAggregate => {
    const open = others.labels.filter((label) => label === KEY_FOLLOWS).length;
    if (open === (key === '' ? 0 : 1) && (open === 0 || isKey(key))) {
      return { ...others, labels: others.labels.map((label) => (label === KEY_FOLLOWS ? key : label)) };
    }
    context.issues.push({ code: 'custom', message: 'has no key where a label is open', input: undefined });
    return z.NEVER;
  }),
);

const request: z.ZodMiniType<WindowReleaseRequest> = z.object({
  ...windowFields,
  cells: z.array(cell).check(z.minLength(1), z.maxLength(MAX_CELLS)),
});

/** The same request gives the same bytes. Throws `invalid_argument` where a key id is not one. */
export function encodeWindowReleaseRequest(message: WindowReleaseRequest): Uint8Array {
  const cells = message.cells.map((each) => ({
    ...each,
    labels: each.labels.map((label) => (typeof label === 'string' ? KEY_FOLLOWS : label)),
    key: each.labels.find((label) => typeof label === 'string') ?? '',
    aggregates: encodeAggregates(each.aggregates),
  }));
  return RequestType.encode(RequestType.fromObject({ ...message, cells })).finish();
}

export function encodeAggregates(aggregates: readonly KeyedAggregate[]): object[] {
  return aggregates.map(({ kid, ciphertext }) => ({ kid: hashBytes(kid), ciphertext }));
}

/** Never throws: bytes from an untrusted peer. */
export function decodeWindowReleaseRequest(bytes: Uint8Array): Decoded<WindowReleaseRequest> {
  return decodeMessage(RequestType, request, bytes);
}
