/** The request to choose among the keys of an open label, as protobuf. */
import * as z from 'zod/mini';
import { areInOrder, isKey, MAX_KEYS, OTHER_KEY } from '../plan/labels.js';
import { decodeMessage, type Decoded } from './release-decoding.js';
import { SelectionRequestType } from './release-proto.js';
import { encodeAggregates, keyedAggregates, windowFields } from './release-request-message.js';
import type { SelectionRequest } from './release.js';

const keyText = z
  .string()
  .check(z.refine((key) => isKey(key) && key !== OTHER_KEY, 'is not a key that could be selected'));

const request: z.ZodMiniType<SelectionRequest> = z.object({
  ...windowFields,
  keys: z.array(z.object({ key: keyText, aggregates: keyedAggregates })).check(
    z.maxLength(MAX_KEYS),
    z.refine((keys) => areInOrder(keys.map(({ key }) => key)), 'are not in order, each once'),
  ),
});

/** The same request gives the same bytes. Throws `invalid_argument` where a key id is not one. */
export function encodeSelectionRequest(message: SelectionRequest): Uint8Array {
  const keys = message.keys.map(({ key, aggregates }) => ({ key, aggregates: encodeAggregates(aggregates) }));
  return SelectionRequestType.encode(SelectionRequestType.fromObject({ ...message, keys })).finish();
}

/** Never throws: bytes from an untrusted peer. */
export function decodeSelectionRequest(bytes: Uint8Array): Decoded<SelectionRequest> {
  return decodeMessage(SelectionRequestType, request, bytes);
}
