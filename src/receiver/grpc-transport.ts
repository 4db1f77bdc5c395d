/**
 * OTLP/gRPC: `TraceService/Export` with raw message bytes, so that one decoder serves both transports, and
 * grpc.health.v1. Every failure is mapped by hand: an exception would become UNKNOWN, which senders take as
 * "never send this again".
 */
import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { extractEnvelopes } from '../otlp/decode.js';
import { encodeExportResponse, encodeStatus, type RpcStatus } from '../otlp/encode.js';
import { listenError, type ListenAddress } from '../service/admin-server.js';
import { busy, describeFailure } from './failure.js';
import type { RunningTransport, TransportOptions } from './transport.js';

const SERVICE_NAME = 'opentelemetry.proto.collector.trace.v1.TraceService';
const STATUS_DETAILS = 'grpc-status-details-bin';
/** Requests one connection may have running; further ones wait at the sender. */
const MAX_CONCURRENT_STREAMS = 64;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer): Buffer => bytes;

const SERVICE = {
  Export: {
    path: `/${SERVICE_NAME}/Export`,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
} as const;

export async function startGrpcTransport(options: TransportOptions): Promise<RunningTransport> {
  const { address, limits } = options;
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxBodyBytes,
    'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
  });
  server.addService(SERVICE, {
    Export: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
      void answer(call.request, options).then((result) => {
        if (Buffer.isBuffer(result)) callback(null, result);
        else callback(serviceError(result));
      });
    },
  });
  const health = new HealthImplementation({ '': 'SERVING', [SERVICE_NAME]: 'SERVING' });
  health.addToServer(server);
  const port = await bind(server, address);
  return {
    port,
    close: () => {
      for (const name of ['', SERVICE_NAME]) health.setStatus(name, 'NOT_SERVING');
      return shutdown(server, limits.drainTimeoutMillis);
    },
  };
}

/** Never rejects. */
async function answer(request: Buffer, options: TransportOptions): Promise<Buffer | RpcStatus> {
  const { inFlightBytes, counters, logger, ingest } = options;
  try {
    if (!inFlightBytes.tryTake(request.length)) throw busy();
    try {
      const partial = await ingest(extractEnvelopes('protobuf', request));
      counters.requests[partial === undefined ? 'success' : 'partial_success'] += 1;
      return asBuffer(encodeExportResponse('protobuf', partial));
    } finally {
      inFlightBytes.give(request.length);
    }
  } catch (error) {
    return describeFailure(error, counters, logger);
  }
}

function serviceError(rpc: RpcStatus): { code: number; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set(STATUS_DETAILS, asBuffer(encodeStatus('protobuf', rpc)));
  return { code: rpc.code, details: rpc.message, metadata };
}

function bind(server: Server, address: ListenAddress): Promise<number> {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${String(address.port)}`, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(listenError(withCode(error), address, 'OTLP/gRPC'));
    });
  });
}

/** The library tells the system's error code only in its text. */
function withCode(error: Error): NodeJS.ErrnoException {
  const code = /\bE[A-Z]+\b/.exec(error.message)?.[0];
  return Object.assign(error, code === undefined ? {} : { code });
}

function shutdown(server: Server, graceMillis: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
    }, graceMillis);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
