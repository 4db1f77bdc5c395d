import { connect } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startHttpTransport } from '../../src/receiver/http-transport.js';
import type { RunningTransport } from '../../src/receiver/transport.js';
import { decodeMessage, encodeMessage } from '../otlp/trace-proto.js';
import { createHarness, envelope, exportSpans, gate, GZIP, requestWith, until, type Harness } from './harness.js';

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';
const MAX_BODY = 100_000;

let harness: Harness;
let transport: RunningTransport;
let url: string;

beforeEach(async () => {
  harness = await createHarness({ maxBodyBytes: MAX_BODY, maxQueuedEnvelopes: 4 });
  transport = await startHttpTransport(harness.transport);
  url = `http://127.0.0.1:${String(transport.port)}/v1/traces`;
});

afterEach(async () => {
  await transport.close();
  await harness.close();
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly message: Record<string, unknown>;
}

async function post(
  body: Buffer | string,
  headers: Record<string, string> = {},
  method = 'POST',
  to = url,
): Promise<Answer> {
  const response = await fetch(to, {
    method,
    headers: { 'content-type': JSON_TYPE, ...headers },
    ...(method === 'GET' ? {} : { body: Buffer.from(body) }),
  });
  const type = response.headers.get('content-type');
  const bytes = Buffer.from(await response.arrayBuffer());
  const message =
    type === PROTOBUF_TYPE
      ? decodeMessage(response.ok ? 'Response' : 'Status', bytes)
      : (JSON.parse(bytes.toString()) as Record<string, unknown>);
  return { status: response.status, type, headers: response.headers, message };
}

describe('the official exporters', () => {
  test.each([
    ['JSON', JsonExporter],
    ['protobuf', ProtobufExporter],
  ])('%s, compressed and not', async (_, Exporter) => {
    await exportSpans(new Exporter({ url }), [envelope(), envelope()]);
    await exportSpans(new Exporter({ url, compression: GZIP }), [envelope()]);
    expect(harness.counters).toMatchObject({ spans: 5, accepted: 3, requests: { success: 2, undecodable: 0 } });
  });
});

describe('a good request', () => {
  test.each<[string, Record<string, string>, (bytes: Buffer) => Buffer]>([
    ['as it is', {}, (bytes) => bytes],
    ['identity', { 'content-encoding': 'identity' }, (bytes) => bytes],
    ['gzip', { 'content-encoding': 'gzip' }, (bytes) => gzipSync(bytes)],
    ['GZIP', { 'content-encoding': 'GZIP' }, (bytes) => gzipSync(bytes)],
    ['deflate', { 'content-encoding': 'deflate' }, (bytes) => deflateSync(bytes)],
  ])('is answered in its own encoding: %s', async (_, headers, encode) => {
    const request = requestWith(envelope());
    const json = await post(encode(Buffer.from(JSON.stringify(request))), headers);
    expect(json).toMatchObject({ status: 200, type: JSON_TYPE, message: {} });
    const protobuf = await post(encode(encodeMessage('Request', request)), {
      ...headers,
      'content-type': PROTOBUF_TYPE,
    });
    expect(protobuf).toMatchObject({ status: 200, type: PROTOBUF_TYPE, message: {} });
    expect(harness.counters).toMatchObject({ accepted: 1, duplicate: 1 });
  });

  test('may be empty, and may have parameters in its type and its address', async () => {
    expect(await post('{}')).toMatchObject({ status: 200, message: {} });
    expect(await post('', { 'content-type': PROTOBUF_TYPE })).toMatchObject({ status: 200, message: {} });
    expect(await post('{}', { 'content-type': 'Application/JSON; charset=utf-8' }, 'POST', `${url}?a=b`)).toMatchObject(
      {
        status: 200,
        type: JSON_TYPE,
      },
    );
  });

  test('with something rejected is a partial success', async () => {
    const request = requestWith(envelope(), '???');
    const errorMessage = '1 of 2 envelopes not counted: malformed 1';
    expect(await post(JSON.stringify(request))).toMatchObject({
      status: 200,
      message: { partialSuccess: { rejectedSpans: '1', errorMessage } },
    });
    expect(await post(encodeMessage('Request', request), { 'content-type': PROTOBUF_TYPE })).toMatchObject({
      status: 200,
      message: { partialSuccess: { rejectedSpans: 1, errorMessage } },
    });
  });
});

describe('a request that can never be taken', () => {
  test('another path or method', async () => {
    expect(await post('{}', {}, 'POST', url.replace('traces', 'metrics'))).toMatchObject({
      status: 404,
      message: { code: 5 },
    });
    const wrongMethod = await post('', {}, 'GET');
    expect(wrongMethod).toMatchObject({ status: 405, message: { code: 12 } });
    expect(wrongMethod.headers.get('allow')).toBe('POST');
  });

  test.each(['text/plain', 'application/jsonp', 'application/protobuf', ''])('Content-Type "%s"', async (type) => {
    expect(await post('{}', { 'content-type': type })).toMatchObject({
      status: 415,
      type: JSON_TYPE,
      message: { code: 3 },
    });
  });

  test.each(['br', 'zstd', 'gzip, gzip', 'constructor'])('Content-Encoding "%s"', async (coding) => {
    const answer = await post('{}', { 'content-encoding': coding });
    expect(answer).toMatchObject({ status: 415, message: { code: 3 } });
    expect(answer.headers.get('accept-encoding')).toBe('gzip, deflate');
  });

  test.each<[string, Buffer, Record<string, string>]>([
    ['JSON that is not', Buffer.from('{"resourceSpans":['), {}],
    ['JSON nested a hundred thousand deep', Buffer.from('['.repeat(MAX_BODY - 1)), {}],
    ['protobuf cut short', Buffer.from([0x0a, 5, 1]), { 'content-type': PROTOBUF_TYPE }],
    ['gzip that is not', Buffer.from('hello hello hello'), { 'content-encoding': 'gzip' }],
    ['gzip cut short', gzipSync('{}').subarray(0, 15), { 'content-encoding': 'gzip' }],
    ['gzip with bytes after it', Buffer.concat([gzipSync('{}'), Buffer.alloc(300, 1)]), { 'content-encoding': 'gzip' }],
    ['gzip with a wrong checksum', flipped(gzipSync('{}'), -6), { 'content-encoding': 'gzip' }],
  ])('%s', async (_, body, headers) => {
    const answer = await post(body, headers);
    expect(answer).toMatchObject({ status: 400, type: headers['content-type'] ?? JSON_TYPE, message: { code: 3 } });
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(harness.counters.requests.undecodable).toBe(1);
  });

  test('a body that is too large: announced, on the wire, after decompression', async () => {
    const large = Buffer.alloc(MAX_BODY + 1, ' ');
    const refused = { status: 413, message: { code: 8 } };
    expect(await post(large)).toMatchObject(refused);
    expect(await post(gzipSync(large), { 'content-encoding': 'gzip' })).toMatchObject(refused);
    expect(
      await post(gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip', 'content-type': PROTOBUF_TYPE }),
    ).toMatchObject({ ...refused, type: PROTOBUF_TYPE });
    const chunked = await sendRaw(
      `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `${large.length.toString(16)}\r\n${large.toString()}\r\n`,
    );
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
    expect(await post('{}')).toMatchObject({ status: 200 });
    expect(harness.transport.inFlightBytes.used).toBe(0);
  });

  test('a body sent byte by byte costs no more room than twice its length', async () => {
    const length = 50_000;
    const socket = connect(transport.port, '127.0.0.1');
    socket.write(
      `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    socket.write('1\r\n \r\n'.repeat(length));
    // All of it is held, though the request is not over.
    await until(() => harness.transport.inFlightBytes.used >= length);
    expect(harness.transport.inFlightBytes.used).toBeLessThanOrEqual(2 * length);
    socket.destroy();
    await until(() => harness.transport.inFlightBytes.used === 0);
  });

  test('a sender that goes away in the middle harms nobody', async () => {
    const socket = connect(transport.port, '127.0.0.1');
    socket.write(`POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: 5000\r\n\r\n{`);
    await until(() => harness.transport.inFlightBytes.used > 0);
    socket.destroy();
    await until(() => harness.transport.inFlightBytes.used === 0);
    expect(await post('{}')).toMatchObject({ status: 200 });
    expect(harness.counters.requests).toEqual({ success: 1, partial_success: 0, undecodable: 0, unavailable: 0 });
  });
});

describe('a request that shall be sent again', () => {
  const retry = (answer: Answer): void => {
    expect(answer).toMatchObject({ status: 503, message: { code: 14, details: [{ retryDelay: '2s' }] } });
    expect(answer.headers.get('retry-after')).toBe('2');
  };

  test('the queue is full', async () => {
    const { promise, open } = gate();
    harness.gate = promise;
    const first = post(JSON.stringify(requestWith(envelope(), envelope(), envelope())));
    await until(() => harness.pipeline.queued === 3);
    const refused = await post(JSON.stringify(requestWith(envelope(), envelope())));
    open();
    retry(refused);
    expect(await first).toMatchObject({ status: 200 });
  });

  test('there is no room for its body', async () => {
    harness.transport.inFlightBytes.tryTake(harness.transport.limits.maxInFlightBytes);
    retry(await post('{}'));
    harness.transport.inFlightBytes.give(harness.transport.limits.maxInFlightBytes);
    expect(await post('{}')).toMatchObject({ status: 200 });
  });

  test('the store fails', async () => {
    await harness.store.close();
    retry(await post(JSON.stringify(requestWith(envelope()))));
    expect(harness.counters.requests.unavailable).toBe(1);
  });
});

test('a taken port is named', async () => {
  const address = { host: '127.0.0.1', port: transport.port };
  await expect(startHttpTransport({ ...harness.transport, address })).rejects.toMatchObject({
    code: 'address_in_use',
    message: expect.stringContaining(`127.0.0.1:${String(transport.port)}`) as string,
  });
});

test('closing lets running requests finish', async () => {
  const { promise, open } = gate();
  harness.gate = promise;
  const running = post(JSON.stringify(requestWith(envelope())));
  await until(() => harness.pipeline.queued === 1);
  const closed = transport.close();
  open();
  expect(await running).toMatchObject({ status: 200 });
  await closed;
  await expect(post('{}')).rejects.toThrow();
});

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[bytes.length + at]! ^= 1;
  return bytes;
}

/** Everything the server answers to these bytes until it closes the connection. */
function sendRaw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(transport.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}
