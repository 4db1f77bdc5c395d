/** grpc.health.v1: whether a service is served, asked once or watched until it no longer is. */
import type { ServerHttp2Stream } from 'node:http2';
import protobuf from 'protobufjs/minimal.js';
import { RPC_CODES } from '../otlp/encode.js';
import { UndecodableRequest } from '../otlp/errors.js';
import { answerMessage, answerStatus, beginMessages, endMessages, sendMessage } from './grpc-answer.js';

export const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
export const HEALTH_WATCH = '/grpc.health.v1.Health/Watch';

/** HealthCheckResponse.ServingStatus */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

export class GrpcHealth {
  readonly #services: ReadonlySet<string>;
  readonly #watchers = new Set<ServerHttp2Stream>();
  #serving = true;

  /** The server as a whole is the service ''. */
  constructor(services: readonly string[]) {
    this.#services = new Set(['', ...services]);
  }

  /** Throws `UndecodableRequest`. */
  check(stream: ServerHttp2Stream, request: Uint8Array): void {
    const status = this.#statusOf(serviceOf(request));
    if (status === SERVICE_UNKNOWN) {
      answerStatus(stream, { code: RPC_CODES.NOT_FOUND, message: 'no such service' });
    } else {
      answerMessage(stream, encode(status));
    }
  }

  /** Throws `UndecodableRequest`. */
  watch(stream: ServerHttp2Stream, request: Uint8Array): void {
    const status = this.#statusOf(serviceOf(request));
    beginMessages(stream, () => RPC_CODES.UNAVAILABLE);
    sendMessage(stream, encode(status));
    this.#watchers.add(stream);
    stream.once('close', () => this.#watchers.delete(stream));
  }

  /** Tells everybody who watches, and ends their calls. */
  stop(): void {
    this.#serving = false;
    for (const stream of this.#watchers) {
      sendMessage(stream, encode(NOT_SERVING));
      endMessages(stream);
    }
  }

  #statusOf(service: string): number {
    if (!this.#services.has(service)) return SERVICE_UNKNOWN;
    return this.#serving ? SERVING : NOT_SERVING;
  }
}

/** HealthCheckRequest { service = 1 } */
function serviceOf(request: Uint8Array): string {
  try {
    const reader = protobuf.Reader.create(request);
    let service = '';
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === ((1 << 3) | 2)) service = reader.string();
      else reader.skipType(tag & 7, 0, tag >>> 3);
    }
    return service;
  } catch {
    throw new UndecodableRequest('not a HealthCheckRequest');
  }
}

/** HealthCheckResponse { status = 1 } */
function encode(status: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32(1 << 3)
    .int32(status)
    .finish();
}
