import { connect as connectHttp2, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  Client,
  compressionAlgorithms,
  credentials,
  type ClientOptions,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { service as healthService } from 'grpc-health-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startGrpcTransport } from '../../src/receiver/grpc-transport.js';
import type { RunningTransport } from '../../src/receiver/transport.js';
import { decodeMessage, encodeMessage } from '../otlp/trace-proto.js';
import { createHarness, envelope, exportSpans, gate, GZIP, requestWith, until, type Harness } from './harness.js';

const MAX_BODY = 100_000;
const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

let harness: Harness;
let transport: RunningTransport;
let clients: Client[];

beforeEach(async () => {
  harness = await createHarness({
    maxGrpcMessageBytes: MAX_BODY,
    maxQueuedEnvelopes: 4,
    maxConnections: 3,
    requestTimeoutMillis: 3000,
  });
  transport = await startGrpcTransport(harness.transport);
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.close();
  await transport.close();
  await harness.close();
});

function connect(options: ClientOptions = {}): Client {
  const client = new Client(`127.0.0.1:${String(transport.port)}`, credentials.createInsecure(), options);
  clients.push(client);
  return client;
}

function call(request: Buffer, client = connect()): Promise<Record<string, unknown>> {
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(EXPORT, same, same, request, new Metadata(), (error, bytes) => {
      if (error === null) resolve(decodeMessage('Response', bytes!));
      else reject(error);
    });
  });
}

function health(): Promise<unknown> {
  const { path, requestSerialize, responseDeserialize } = healthService['Check']!;
  return new Promise((resolve, reject) => {
    connect().makeUnaryRequest(path, requestSerialize, responseDeserialize, { service: '' }, (error, value) => {
      if (error === null) resolve(value);
      else reject(error);
    });
  });
}

/** The google.rpc.Status a failed call carries, with the RetryInfo's delay. */
async function statusOf(failing: Promise<unknown>): Promise<{ code: number; retrySeconds?: number }> {
  const error = await failing.then(
    () => undefined,
    (reason: unknown) => reason as ServiceError,
  );
  const [details] = error!.metadata.get('grpc-status-details-bin') as Buffer[];
  if (details === undefined) return { code: error!.code };
  const status = decodeMessage('Status', details) as { code: number; details?: { value: number[] }[] };
  expect(status.code).toBe(error!.code);
  const [info] = status.details ?? [];
  if (info === undefined) return { code: status.code };
  const { retryDelay } = decodeMessage('RetryInfo', Uint8Array.from(info.value)) as { retryDelay: { seconds: number } };
  return { code: status.code, retrySeconds: retryDelay.seconds };
}

test('the official exporter, compressed and not', async () => {
  const url = `http://127.0.0.1:${String(transport.port)}`;
  await exportSpans(new OTLPTraceExporter({ url }), [envelope(), envelope()]);
  await exportSpans(new OTLPTraceExporter({ url, compression: GZIP }), [envelope()]);
  expect(harness.counters).toMatchObject({ spans: 5, accepted: 3, requests: { success: 2, undecodable: 0 } });
});

test('success, partial success and the empty request', async () => {
  expect(await call(Buffer.alloc(0))).toEqual({});
  expect(await call(encodeMessage('Request', requestWith(envelope(), envelope())))).toEqual({});
  expect(await call(encodeMessage('Request', requestWith(envelope(), '?')))).toEqual({
    partialSuccess: { rejectedSpans: 1, errorMessage: '1 of 2 envelopes not counted: malformed 1' },
  });
});

test('bytes that are no request are never to be sent again', async () => {
  expect(await statusOf(call(Buffer.from([0x0a, 9, 1])))).toEqual({ code: 3 });
});

test('a message that is too large, before and after decompression, is never to be sent again', async () => {
  expect(await statusOf(call(Buffer.alloc(MAX_BODY + 1)))).toEqual({ code: 8 });
  const compressing = connect({ 'grpc.default_compression_algorithm': compressionAlgorithms.gzip });
  expect(gzipSync(Buffer.alloc(50 * MAX_BODY)).length).toBeLessThan(MAX_BODY);
  expect(await statusOf(call(Buffer.alloc(50 * MAX_BODY), compressing))).toEqual({ code: 8 });
  expect(await call(Buffer.alloc(0))).toEqual({});
});

test('a full queue, a lack of room and a failing store ask to send again', async () => {
  const later = { code: 14, retrySeconds: 2 };
  const { promise, open } = gate();
  harness.gate = promise;
  const first = call(encodeMessage('Request', requestWith(envelope(), envelope(), envelope())));
  await until(() => harness.pipeline.queued === 3);
  expect(await statusOf(call(encodeMessage('Request', requestWith(envelope(), envelope()))))).toEqual(later);
  open();
  expect(await first).toEqual({});

  const { inFlightBytes, limits } = harness.transport;
  inFlightBytes.tryTake(limits.maxInFlightBytes);
  expect(await statusOf(call(encodeMessage('Request', requestWith(envelope()))))).toEqual(later);
  inFlightBytes.give(limits.maxInFlightBytes);

  await harness.store.close();
  expect(await statusOf(call(encodeMessage('Request', requestWith(envelope()))))).toEqual(later);
});

describe('what calls hold while they arrive', () => {
  let sessions: ClientHttp2Session[];

  beforeEach(() => {
    sessions = [];
  });

  afterEach(() => {
    for (const session of sessions) session.destroy();
  });

  function session(): ClientHttp2Session {
    const opened = connectHttp2(`http://127.0.0.1:${String(transport.port)}`);
    opened.on('error', () => undefined);
    sessions.push(opened);
    return opened;
  }

  /** A call whose message of this length is announced and not sent. */
  function announce(on: ClientHttp2Session, length: number): ClientHttp2Stream {
    const stream = on.request({
      ':method': 'POST',
      ':path': EXPORT,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => undefined);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(length, 1);
    stream.write(prefix);
    return stream;
  }

  test('is charged as it arrives, however small the pieces, and given back when the sender goes away', async () => {
    const { inFlightBytes } = harness.transport;
    const stream = announce(session(), MAX_BODY);
    const half = MAX_BODY / 2;
    for (let count = 0; count < half; count++) stream.write(Uint8Array.of(0));
    await until(() => inFlightBytes.used >= half);
    expect(inFlightBytes.used).toBeLessThanOrEqual(2 * half);
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => inFlightBytes.used === 0);
    expect(harness.counters.requests).toEqual({ success: 0, partial_success: 0, undecodable: 0, unavailable: 0 });
  });

  test('is bounded for all connections together: what has no room is refused before it is complete', async () => {
    const { inFlightBytes, limits } = harness.transport;
    inFlightBytes.tryTake(limits.maxInFlightBytes - MAX_BODY);
    const streams = [session(), session()].flatMap((on) => [announce(on, MAX_BODY), announce(on, MAX_BODY)]);
    const refused = streams.map((stream) => new Promise<unknown>((resolve) => stream.on('response', resolve)));
    for (const stream of streams) stream.write(Buffer.alloc(MAX_BODY / 2 + 1));
    expect(await Promise.race(refused)).toMatchObject({ 'grpc-status': '14' });
    expect(inFlightBytes.used).toBeLessThanOrEqual(limits.maxInFlightBytes);
    inFlightBytes.give(limits.maxInFlightBytes - MAX_BODY);
  });

  test('ends with the time for a request', async () => {
    const stream = announce(session(), MAX_BODY);
    stream.write(Buffer.alloc(10));
    await until(() => harness.transport.inFlightBytes.used > 0);
    await new Promise((resolve) => stream.once('close', resolve));
    await until(() => harness.transport.inFlightBytes.used === 0);
  });

  test('is a bounded number of connections and of calls on each', async () => {
    const first = session();
    const settings = new Promise<{ maxConcurrentStreams?: number }>((resolve) => first.once('remoteSettings', resolve));
    expect((await settings).maxConcurrentStreams).toBe(harness.transport.limits.maxGrpcStreams);
    const others = [session(), session()];
    await Promise.all(others.map((other) => new Promise((resolve) => other.once('remoteSettings', resolve))));
    const beyond = session();
    await new Promise((resolve) => beyond.once('close', resolve));
    expect(others.every((other) => !other.closed)).toBe(true);
  });
});

test('what is not gRPC, not served or not decodable is refused from its headers', async () => {
  const session = connectHttp2(`http://127.0.0.1:${String(transport.port)}`);
  const ask = (headers: Record<string, string>): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': EXPORT,
        'content-type': 'application/grpc',
        ...headers,
      });
      stream.on('response', resolve);
      stream.on('error', () => undefined);
      stream.end();
    });
  expect(await ask({ 'content-type': 'text/plain' })).toMatchObject({ ':status': 415 });
  expect(await ask({ ':path': '/elsewhere' })).toMatchObject({ 'grpc-status': '12' });
  expect(await ask({ 'grpc-encoding': 'br' })).toMatchObject({ 'grpc-status': '12' });
  // A call without a message.
  expect(await ask({})).toMatchObject({ 'grpc-status': '3' });
  session.close();
});

test('more than one message in a call is refused', async () => {
  const session = connectHttp2(`http://127.0.0.1:${String(transport.port)}`);
  const stream = session.request({ ':method': 'POST', ':path': EXPORT, 'content-type': 'application/grpc' });
  const answered = new Promise((resolve) => stream.on('response', resolve));
  stream.end(Buffer.alloc(10));
  expect(await answered).toMatchObject({ 'grpc-status': '3' });
  session.close();
});

test('tells its health, and those who watch when it ends', async () => {
  expect(await health()).toEqual({ status: 'SERVING' });
  const { path, requestSerialize, responseDeserialize } = healthService['Watch']!;
  const told: unknown[] = [];
  const watching = connect().makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
  const ended = new Promise((resolve) => watching.on('error', resolve));
  await new Promise<void>((resolve) => {
    watching.on('data', (value) => {
      told.push(value);
      resolve();
    });
  });
  await transport.close();
  expect(await ended).toMatchObject({ code: 14 });
  expect(told).toEqual([{ status: 'SERVING' }, { status: 'NOT_SERVING' }]);
});

test('a taken port is named', async () => {
  const address = { host: '127.0.0.1', port: transport.port };
  await expect(startGrpcTransport({ ...harness.transport, address })).rejects.toMatchObject({
    code: 'address_in_use',
    message: expect.stringContaining(`127.0.0.1:${String(transport.port)}`) as string,
  });
});

test('closing lets running requests finish', async () => {
  const { promise, open } = gate();
  harness.gate = promise;
  const running = call(encodeMessage('Request', requestWith(envelope())));
  await until(() => harness.pipeline.queued === 1);
  const closed = transport.close();
  open();
  expect(await running).toEqual({});
  await closed;
  await expect(call(Buffer.alloc(0))).rejects.toMatchObject({ code: 14 });
});

test('closing cuts off whoever reads nothing', async () => {
  const socket = connectSocket(transport.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  await call(Buffer.alloc(0));
  await transport.close();
  await expect(call(Buffer.alloc(0))).rejects.toMatchObject({ code: 14 });
  socket.destroy();
});
