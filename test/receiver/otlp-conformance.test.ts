/**
 * What the OTLP specification (1.11) asks of a receiver, rule by rule, over its three transports. docs/OTLP.md lists the
 * rules with their sections; the names of these tests are in it.
 */
import { gzipSync } from 'node:zlib';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startGrpcTransport } from '../../src/receiver/grpc-transport.js';
import { startHttpTransport } from '../../src/receiver/http-transport.js';
import type { RunningTransport } from '../../src/receiver/transport.js';
import { ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { decodeMessage, encodeMessage } from '../otlp/trace-proto.js';
import { createHarness, envelope, gate, requestWith, until, type Harness } from './harness.js';

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const MAX_BYTES = 100_000;

interface Answer {
  /** HTTP status; of gRPC the one that means the same to a sender. */
  readonly status: number;
  readonly message: Record<string, unknown>;
  /** What a sender is told to wait; `undefined`: never again. */
  readonly retrySeconds: number | undefined;
}

let harness: Harness;
let http: RunningTransport;
let grpc: RunningTransport;
let client: Client;

beforeEach(async () => {
  harness = await createHarness({ maxBodyBytes: MAX_BYTES, maxGrpcMessageBytes: MAX_BYTES, maxQueuedEnvelopes: 1 });
  http = await startHttpTransport(harness.transport);
  grpc = await startGrpcTransport(harness.transport);
  client = new Client(`127.0.0.1:${String(grpc.port)}`, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await Promise.all([http.close(), grpc.close()]);
  await harness.close();
});

type Send = (request: object | Buffer, headers?: Record<string, string>) => Promise<Answer>;

function overHttp(
  type: string,
  encode: (request: object) => Buffer,
  decode: (name: string, body: Buffer) => Answer['message'],
): Send {
  return async (request, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${String(http.port)}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': type, ...headers },
      body: Uint8Array.from(request instanceof Buffer ? request : encode(request)),
    });
    // The answer has the type of the request, with nothing added.
    expect(response.headers.get('content-type')).toBe(type);
    const message = decode(response.ok ? 'Response' : 'Status', Buffer.from(await response.arrayBuffer()));
    const header = response.headers.get('retry-after');
    return { status: response.status, message, retrySeconds: header === null ? undefined : Number(header) };
  };
}

const asJson = (request: object): Buffer => Buffer.from(JSON.stringify(request));
const asProtobuf = (request: object): Buffer => encodeMessage('Request', request);
/** OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE. */
const HTTP_STATUS: Readonly<Record<number, number>> = { 0: 200, 3: 400, 8: 413, 14: 503 };

const overGrpc: Send = (request) => {
  const same = (bytes: Buffer): Buffer => bytes;
  const body = request instanceof Buffer ? request : asProtobuf(request);
  return new Promise((done) => {
    client.makeUnaryRequest(EXPORT, same, same, body, new Metadata(), (error, bytes) => {
      done(
        error === null
          ? { status: 200, message: decodeMessage('Response', bytes!), retrySeconds: undefined }
          : failed(error),
      );
    });
  });
};

function failed({ code, metadata }: ServiceError): Answer {
  const [details] = metadata.get('grpc-status-details-bin') as Buffer[];
  const message = decodeMessage('Status', details!) as Answer['message'] & { details?: { value: number[] }[] };
  const [info] = message.details ?? [];
  const delay =
    info && (decodeMessage('RetryInfo', Uint8Array.from(info.value)) as { retryDelay: { seconds: number } });
  return { status: HTTP_STATUS[code] ?? 500, message, retrySeconds: delay?.retryDelay.seconds };
}

const TRANSPORTS: [string, Send, (request: object) => Buffer][] = [
  ['OTLP/HTTP, protobuf', overHttp('application/x-protobuf', asProtobuf, decodeMessage), asProtobuf],
  [
    'OTLP/HTTP, JSON',
    overHttp('application/json', asJson, (_, body) => JSON.parse(body.toString()) as Answer['message']),
    asJson,
  ],
  ['OTLP/gRPC', overGrpc, asProtobuf],
];

describe.each(TRANSPORTS)('%s', (name, send, encode) => {
  test('full success: an answer without partial success', async () => {
    expect(await send(requestWith(envelope()))).toEqual({ status: 200, message: {}, retrySeconds: undefined });
    expect(harness.counters.accepted).toBe(1);
  });

  test('empty request: success', async () => {
    for (const request of [{}, { resourceSpans: [] }, { resourceSpans: [{ scopeSpans: [{ spans: [] }] }] }]) {
      expect(await send(request)).toMatchObject({ status: 200, message: {} });
    }
  });

  test('partial success: 200, how many spans were rejected and why', async () => {
    const { status, message } = await send(requestWith('?'));
    expect(status).toBe(200);
    const { rejectedSpans, errorMessage } = message['partialSuccess'] as Record<string, unknown>;
    expect(Number(rejectedSpans)).toBe(1);
    expect(errorMessage).toContain('malformed 1');
  });

  test('sent twice: success twice, counted once', async () => {
    const request = requestWith(envelope());
    for (let sent = 0; sent < 2; sent += 1) expect(await send(request)).toMatchObject({ status: 200, message: {} });
    expect(harness.counters).toMatchObject({ accepted: 1, duplicate: 1 });
  });

  test('undecodable: INVALID_ARGUMENT as google.rpc.Status, never again', async () => {
    const answer = await send(Buffer.from('neither of them'));
    expect(answer).toMatchObject({ status: 400, message: { code: 3 }, retrySeconds: undefined });
    expect(answer.message['message']).toEqual(expect.any(String));
  });

  test('too large: RESOURCE_EXHAUSTED as google.rpc.Status, never again', async () => {
    const answer = await send(Buffer.alloc(MAX_BYTES + 1));
    expect(answer).toMatchObject({ status: 413, message: { code: 8 }, retrySeconds: undefined });
  });

  test('overload: UNAVAILABLE as google.rpc.Status, with the time to wait, before any work', async () => {
    const { promise, open } = gate();
    harness.gate = promise;
    const first = send(requestWith(envelope()));
    await until(() => harness.pipeline.queued === 1);
    const refused = await send(requestWith(envelope()));
    expect(refused).toMatchObject({ status: 503, message: { code: 14 }, retrySeconds: 2 });
    expect(harness.tasks).toEqual([]);
    open();
    expect(await first).toMatchObject({ status: 200 });
  });

  test('storage out of order: UNAVAILABLE, so that a collector keeps the batch', async () => {
    await harness.store.close();
    expect(await send(requestWith(envelope()))).toMatchObject({ status: 503, message: { code: 14 }, retrySeconds: 2 });
  });

  if (name !== 'OTLP/gRPC') {
    test('gzip: accepted', async () => {
      const body = gzipSync(encode(requestWith(envelope())));
      expect(await send(body, { 'content-encoding': 'gzip' })).toMatchObject({ status: 200, message: {} });
    });

    test('too large once unpacked: RESOURCE_EXHAUSTED, never again', async () => {
      const bomb = gzipSync(Buffer.alloc(100 * MAX_BYTES, ' '));
      expect(await send(bomb, { 'content-encoding': 'gzip' })).toMatchObject({ status: 413, message: { code: 8 } });
    });
  }
});

describe('OTLP/JSON', () => {
  /** Every kind of field that the examples of opentelemetry-proto have, with the encodings that JSON allows. */
  const spanWith = (fields: object): object => ({
    traceId: '0AF7651916CD43DD8448EB211C80319C',
    spanId: 'b7ad6b7169203331',
    parentSpanId: 'B7AD6B7169203330',
    name: 'checkout',
    kind: 2,
    startTimeUnixNano: '1800000000000000000',
    endTimeUnixNano: '1800000001000000000',
    attributes: [{ key: ENVELOPE_ATTRIBUTE, value: { stringValue: envelope() } }],
    ...fields,
  });
  const requestOf = (span: object): object => ({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [{ scope: { name: 'checkout', version: '1', attributes: [] }, spans: [span] }],
      },
    ],
  });

  test.each<[string, object]>([
    ['ids in hexadecimal, of either case', {}],
    ['64-bit integers as strings', { startTimeUnixNano: '1544712660000000000' }],
    ['64-bit integers as numbers', { startTimeUnixNano: 1544712660000000000, droppedAttributesCount: 0 }],
    ['enumerations as integers', { kind: 3, status: { code: 2, message: 'failed' } }],
    ['unknown fields ignored', { future: { deep: [1, { x: null }] }, flags: 257 }],
    ['null as absent', { links: null, events: null, status: null }],
    [
      'events and links',
      { events: [{ timeUnixNano: '1', name: 'e', attributes: [] }], links: [{ traceId: '', spanId: '' }] },
    ],
  ])('%s', async (_, fields) => {
    const response = await fetch(`http://127.0.0.1:${String(http.port)}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(requestOf(spanWith(fields))),
    });
    expect([response.status, await response.json()]).toEqual([200, {}]);
    expect(harness.counters).toMatchObject({ spans: 1, accepted: 1 });
  });
});
