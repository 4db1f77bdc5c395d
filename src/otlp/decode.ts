/** One door for both encodings: bytes in, envelopes out. */
import { decodeTraceRequestJson } from './decode-json.js';
import { decodeTraceRequestProtobuf } from './decode-protobuf.js';
import type { ExtractedEnvelopes, OtlpEncoding } from './trace-request.js';

/** Throws `UndecodableRequest`. */
export function extractEnvelopes(encoding: OtlpEncoding, body: Buffer): ExtractedEnvelopes {
  return encoding === 'protobuf' ? decodeTraceRequestProtobuf(body) : decodeTraceRequestJson(body);
}
