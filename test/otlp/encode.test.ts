import { describe, expect, test } from 'vitest';
import { encodeExportResponse, encodeStatus, RPC_CODES } from '../../src/otlp/encode.js';
import { decodeMessage } from './trace-proto.js';

function json(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString());
}

describe('success', () => {
  test('is an empty message', () => {
    expect(encodeExportResponse('protobuf')).toHaveLength(0);
    expect(json(encodeExportResponse('json'))).toEqual({});
  });

  test('partial: count and message in both encodings', () => {
    const partial = { rejectedSpans: 300, errorMessage: 'late: 300' };
    expect(decodeMessage('Response', encodeExportResponse('protobuf', partial))).toEqual({ partialSuccess: partial });
    expect(json(encodeExportResponse('json', partial))).toEqual({
      partialSuccess: { rejectedSpans: '300', errorMessage: 'late: 300' },
    });
  });
});

describe('google.rpc.Status', () => {
  test('without RetryInfo: do not try again', () => {
    const status = { code: RPC_CODES.INVALID_ARGUMENT, message: 'not a request' };
    expect(decodeMessage('Status', encodeStatus('protobuf', status))).toEqual(status);
    expect(json(encodeStatus('json', status))).toEqual(status);
  });

  test('with RetryInfo: how long to wait', () => {
    const status = { code: RPC_CODES.UNAVAILABLE, message: 'busy', retryDelaySeconds: 5 };
    const decoded = decodeMessage('Status', encodeStatus('protobuf', status)) as {
      details: { typeUrl: string; value: number[] }[];
    };
    expect(decoded.details[0]?.typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo');
    expect(decodeMessage('RetryInfo', Uint8Array.from(decoded.details[0]?.value ?? []))).toEqual({
      retryDelay: { seconds: 5 },
    });
    expect(json(encodeStatus('json', status))).toEqual({
      code: 14,
      message: 'busy',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5s' }],
    });
  });
});
