/**
 * OTLP/gRPC: `TraceService/Export` and grpc.health.v1 on Node's HTTP/2, with raw message bytes, so that one
 * decoder serves both transports and one budget holds both their bodies while they arrive. A gRPC library
 * would keep every frame of a message outside of it. Every failure is mapped by hand: what a sender takes as
 * UNKNOWN it never sends again.
 *
 * What it holds at most: `maxInFlightBytes` of messages, shared with HTTP, and per connection the two megabytes
 * of HTTP/2 state that Node is told to allow.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { extractEnvelopes } from '../otlp/decode.js';
import { encodeExportResponse, RPC_CODES, type RpcStatus } from '../otlp/encode.js';
import { listen } from '../service/admin-server.js';
import { createAnyHttp2Server } from '../service/tls-servers.js';
import { CODE_OF_REFUSAL, describeFailure } from './failure.js';
import { answerMessage, answerStatus, answerUnsupported } from './grpc-answer.js';
import { GrpcConnections } from './grpc-connections.js';
import { GrpcHealth, HEALTH_CHECK, HEALTH_WATCH } from './grpc-health.js';
import { readMessage } from './grpc-message.js';
import { BodyTooLarge } from './growing-buffer.js';
import type { HeldBody } from './held-body.js';
import { isKnownCoding } from './held-body.js';
import { SenderGone } from './http-body.js';
import { limitPerPeer } from './peer-connections.js';
import type { RunningTransport, TransportOptions } from './transport.js';

const SERVICE_NAME = 'opentelemetry.proto.collector.trace.v1.TraceService';
const EXPORT = `/${SERVICE_NAME}/Export`;
/** Megabytes of HTTP/2 state a connection may hold; beyond it new streams of it are refused. */
const MAX_SESSION_MEMORY = 2;
/** Bytes of headers a call may have. */
const MAX_HEADERS = 16 * 1024;
/** Mostly nobody reads it; the call is cancelled. */
const INCOMPLETE: RpcStatus = { code: RPC_CODES.INVALID_ARGUMENT, message: 'the message is incomplete' };

export async function startGrpcTransport(options: TransportOptions): Promise<RunningTransport> {
  const { address, limits } = options;
  const health = new GrpcHealth([SERVICE_NAME]);
  const settings = { maxConcurrentStreams: limits.maxGrpcStreams, maxHeaderListSize: MAX_HEADERS };
  const http2 = { maxSessionMemory: MAX_SESSION_MEMORY, settings };
  const server = createAnyHttp2Server(options.tls, http2, options.handshakeFailed);
  const connections = new GrpcConnections(server, limits.requestTimeoutMillis);
  server.maxConnections = limits.maxConnections;
  limitPerPeer(server, limits.maxConnectionsPerPeer);
  server.on('stream', (stream, headers) => void handle(stream, headers, health, options));
  const port = await listen(server, address, 'OTLP/gRPC');
  return {
    port,
    close: () => {
      health.stop();
      return connections.close(limits.drainTimeoutMillis);
    },
  };
}

/** Never rejects. */
async function handle(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  health: GrpcHealth,
  options: TransportOptions,
): Promise<void> {
  stream.on('error', () => undefined);
  const refusal = refuseUnread(headers) ?? refuseStranger(headers, options);
  if (refusal === 'unsupported') {
    answerUnsupported(stream);
    return;
  }
  if (refusal !== undefined) {
    answerStatus(stream, refusal);
    return;
  }
  const tooSlow = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), options.limits.requestTimeoutMillis);
  const { limits, inFlightBytes, counters, logger } = options;
  try {
    const coding = headers['grpc-encoding'] as string | undefined;
    const message = await readMessage(stream, coding, limits.maxGrpcMessageBytes, inFlightBytes);
    clearTimeout(tooSlow);
    await answer(stream, headers[':path'], message, health, options);
  } catch (error) {
    clearTimeout(tooSlow);
    if (error instanceof SenderGone) {
      answerStatus(stream, INCOMPLETE);
      return;
    }
    if (error instanceof BodyTooLarge) {
      answerStatus(stream, tooLarge(limits.maxGrpcMessageBytes));
      return;
    }
    answerStatus(stream, describeFailure(error, counters, logger));
  }
}

async function answer(
  stream: ServerHttp2Stream,
  path: string | undefined,
  { bytes, release }: HeldBody,
  health: GrpcHealth,
  { counters, ingest }: TransportOptions,
): Promise<void> {
  try {
    if (path === HEALTH_CHECK) {
      health.check(stream, bytes);
      return;
    }
    if (path === HEALTH_WATCH) {
      health.watch(stream, bytes);
      return;
    }
    const partial = await ingest(extractEnvelopes('protobuf', bytes), stream.session?.socket.remoteAddress ?? '');
    counters.requests[partial === undefined ? 'success' : 'partial_success'] += 1;
    answerMessage(stream, encodeExportResponse('protobuf', partial));
  } finally {
    release();
  }
}

/** What can be refused from the headers alone. */
function refuseUnread(headers: IncomingHttpHeaders): RpcStatus | 'unsupported' | undefined {
  if (headers[':method'] !== 'POST' || headers['content-type']?.startsWith('application/grpc') !== true) {
    return 'unsupported';
  }
  if (![EXPORT, HEALTH_CHECK, HEALTH_WATCH].includes(headers[':path'] ?? '')) {
    return { code: RPC_CODES.UNIMPLEMENTED, message: `only ${EXPORT} and grpc.health.v1 are served here` };
  }
  if (!isKnownCoding(headers['grpc-encoding'] as string | undefined)) {
    return { code: RPC_CODES.UNIMPLEMENTED, message: 'grpc-encoding must be identity, gzip or deflate' };
  }
  return undefined;
}

/** Health may be asked by everybody, as probes do. */
function refuseStranger(headers: IncomingHttpHeaders, { access }: TransportOptions): RpcStatus | undefined {
  if (headers[':path'] !== EXPORT) return undefined;
  const refusal = access?.refuse(headers.authorization, 'ingest');
  return refusal && { code: CODE_OF_REFUSAL[refusal.refusal], message: refusal.message };
}

function tooLarge(maxBytes: number): RpcStatus {
  const message = `the message is larger than ${String(maxBytes)} bytes; send smaller batches`;
  return { code: RPC_CODES.RESOURCE_EXHAUSTED, message };
}
