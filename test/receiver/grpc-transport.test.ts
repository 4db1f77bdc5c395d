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
import { afterEach, beforeEach, expect, test } from 'vitest';
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
  harness = await createHarness({ maxBodyBytes: MAX_BODY, maxQueuedEnvelopes: 4 });
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

test('tells its health', async () => {
  expect(await health()).toEqual({ status: 'SERVING' });
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
