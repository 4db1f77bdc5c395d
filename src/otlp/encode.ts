/**
 * Answers in the encoding of the request: `ExportTraceServiceResponse` for success and partial success,
 * `google.rpc.Status` (with `RetryInfo` where the sender shall try again) for everything else.
 */
import protobuf from 'protobufjs/minimal.js';
import { utf8ToBytes } from '../bytes.js';
import type { OtlpEncoding } from './trace-request.js';

/** `ExportTracePartialSuccess`: the request was taken, but for these spans. */
export interface PartialSuccess {
  readonly rejectedSpans: number;
  readonly errorMessage: string;
}

/** google.rpc.Code, the ones used here. */
export const RPC_CODES = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export interface RpcStatus {
  readonly code: (typeof RPC_CODES)[keyof typeof RPC_CODES];
  readonly message: string;
  /** Whole seconds; present exactly where trying again can help. */
  readonly retryDelaySeconds?: number;
}

const RETRY_INFO_TYPE = 'type.googleapis.com/google.rpc.RetryInfo';

export function encodeExportResponse(encoding: OtlpEncoding, partial?: PartialSuccess): Uint8Array {
  if (encoding === 'json') {
    // 64-bit integers are strings in protobuf's JSON mapping.
    const partialSuccess = partial && {
      rejectedSpans: String(partial.rejectedSpans),
      errorMessage: partial.errorMessage,
    };
    return utf8ToBytes(JSON.stringify({ partialSuccess }));
  }
  const writer = protobuf.Writer.create();
  if (partial !== undefined) {
    writer.uint32(tag(1, 2)).fork();
    writer.uint32(tag(1, 0)).int64(partial.rejectedSpans);
    writer.uint32(tag(2, 2)).string(partial.errorMessage);
    writer.ldelim();
  }
  return writer.finish();
}

export function encodeStatus(encoding: OtlpEncoding, status: RpcStatus): Uint8Array {
  const { code, message, retryDelaySeconds } = status;
  if (encoding === 'json') {
    const details =
      retryDelaySeconds === undefined
        ? undefined
        : [{ '@type': RETRY_INFO_TYPE, retryDelay: `${String(retryDelaySeconds)}s` }];
    return utf8ToBytes(JSON.stringify({ code, message, details }));
  }
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, 0)).int32(code);
  writer.uint32(tag(2, 2)).string(message);
  if (retryDelaySeconds !== undefined) writeRetryInfo(writer, retryDelaySeconds);
  return writer.finish();
}

/** Status.details = Any { type_url = 1, value = 2: RetryInfo { retry_delay = 1: Duration { seconds = 1 } } }. */
function writeRetryInfo(writer: protobuf.Writer, seconds: number): void {
  writer.uint32(tag(3, 2)).fork();
  writer.uint32(tag(1, 2)).string(RETRY_INFO_TYPE);
  writer.uint32(tag(2, 2)).fork();
  writer.uint32(tag(1, 2)).fork().uint32(tag(1, 0)).int64(seconds).ldelim();
  writer.ldelim().ldelim();
}

/** A protobuf tag: field number and wire type (0 varint, 2 length-delimited). */
function tag(field: number, wireType: 0 | 2): number {
  return (field << 3) | wireType;
}
