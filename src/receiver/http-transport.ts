/**
 * OTLP/HTTP (OTLP 1.11): POST /v1/traces, binary or JSON protobuf by Content-Type, compressed or not. The
 * answer has the encoding of the request; everything but 200 carries a google.rpc.Status.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { extractEnvelopes } from '../otlp/decode.js';
import { encodeExportResponse, encodeStatus, RPC_CODES, type RpcStatus } from '../otlp/encode.js';
import type { OtlpEncoding } from '../otlp/trace-request.js';
import { closeServer, listen } from '../service/admin-server.js';
import { createWebServer } from '../service/tls-servers.js';
import { CODE_OF_REFUSAL, describeFailure } from './failure.js';
import { BodyTooLarge } from './growing-buffer.js';
import { ACCEPTED_CODINGS, isKnownCoding } from './held-body.js';
import { readBody, SenderGone } from './http-body.js';
import { limitPerPeer } from './peer-connections.js';
import type { RunningTransport, TransportOptions } from './transport.js';

const CONTENT_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};
const PATH = '/v1/traces';
/** How long a sender that was refused in the middle of its body may go on sending before it is cut off. */
const LINGER_MILLIS = 2000;

interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly headers?: OutgoingHttpHeaders;
}

export async function startHttpTransport(options: TransportOptions): Promise<RunningTransport> {
  const { address, limits } = options;
  let draining = false;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const encoding = encodingOf(request.headers['content-type']);
    void answer(request, encoding, options).then((result) => {
      send(request, response, encoding ?? 'json', result, draining);
    });
  };
  const server = createWebServer(options.tls, listener, options.handshakeFailed);
  server.maxConnections = limits.maxConnections;
  limitPerPeer(server, limits.maxConnectionsPerPeer);
  server.headersTimeout = limits.headersTimeoutMillis;
  server.requestTimeout = limits.requestTimeoutMillis;
  const port = await listen(server, address, 'OTLP/HTTP');
  return {
    port,
    close: () => {
      draining = true;
      return closeServer(server, limits.drainTimeoutMillis);
    },
  };
}

/** Never rejects. */
async function answer(
  request: IncomingMessage,
  encoding: OtlpEncoding | undefined,
  options: TransportOptions,
): Promise<HttpAnswer> {
  const { limits, inFlightBytes, counters, logger } = options;
  const refusal = refuseStranger(request, encoding, options) ?? refuseUnread(request, encoding, limits.maxBodyBytes);
  if (refusal !== undefined || encoding === undefined) return refusal ?? unsupportedType();
  try {
    const { bytes, release } = await readBody(request, limits.maxBodyBytes, inFlightBytes);
    try {
      const partial = await options.ingest(extractEnvelopes(encoding, bytes), request.socket.remoteAddress ?? '');
      counters.requests[partial === undefined ? 'success' : 'partial_success'] += 1;
      return { status: 200, body: encodeExportResponse(encoding, partial) };
    } finally {
      release();
    }
  } catch (error) {
    if (error instanceof SenderGone) return incomplete(encoding);
    if (error instanceof BodyTooLarge) return tooLarge(encoding, limits.maxBodyBytes);
    return failure(encoding, describeFailure(error, counters, logger));
  }
}

/** Who may not send: RFC 6750 for HTTP, google.rpc.Status for the exporter. */
function refuseStranger(
  request: IncomingMessage,
  encoding: OtlpEncoding | undefined,
  { access }: TransportOptions,
): HttpAnswer | undefined {
  const refusal = access?.refuse(request.headers.authorization, 'ingest');
  if (refusal === undefined) return undefined;
  const rpc = { code: CODE_OF_REFUSAL[refusal.refusal], message: refusal.message };
  return refused(refusal.httpStatus, encoding ?? 'json', rpc, { 'www-authenticate': refusal.challenge });
}

/** What can be refused from the headers alone. */
function refuseUnread(
  request: IncomingMessage,
  encoding: OtlpEncoding | undefined,
  maxBytes: number,
): HttpAnswer | undefined {
  const shown = encoding ?? 'json';
  if (request.url?.split('?')[0] !== PATH) {
    return refused(404, shown, { code: RPC_CODES.NOT_FOUND, message: `only ${PATH} is served here` });
  }
  if (request.method !== 'POST') {
    return refused(405, shown, { code: RPC_CODES.UNIMPLEMENTED, message: 'use POST' }, { allow: 'POST' });
  }
  if (encoding === undefined) return unsupportedType();
  if (!isKnownCoding(request.headers['content-encoding'])) {
    const message = `Content-Encoding must be one of ${ACCEPTED_CODINGS}`;
    return refused(415, shown, { code: RPC_CODES.INVALID_ARGUMENT, message }, { 'accept-encoding': ACCEPTED_CODINGS });
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge(shown, maxBytes);
  return undefined;
}

function unsupportedType(): HttpAnswer {
  const message = `Content-Type must be ${Object.values(CONTENT_TYPES).join(' or ')}`;
  return refused(415, 'json', { code: RPC_CODES.INVALID_ARGUMENT, message });
}

function tooLarge(encoding: OtlpEncoding, maxBytes: number): HttpAnswer {
  const message = `the body is larger than ${String(maxBytes)} bytes; send smaller batches`;
  return refused(413, encoding, { code: RPC_CODES.RESOURCE_EXHAUSTED, message });
}

/** Nobody reads it; the connection is gone. */
function incomplete(encoding: OtlpEncoding): HttpAnswer {
  return refused(400, encoding, { code: RPC_CODES.INVALID_ARGUMENT, message: 'the body is incomplete' });
}

function failure(encoding: OtlpEncoding, status: RpcStatus): HttpAnswer {
  return status.retryDelaySeconds === undefined
    ? refused(400, encoding, status)
    : refused(503, encoding, status, { 'retry-after': String(status.retryDelaySeconds) });
}

function refused(status: number, encoding: OtlpEncoding, rpc: RpcStatus, headers?: OutgoingHttpHeaders): HttpAnswer {
  return { status, body: encodeStatus(encoding, rpc), ...(headers === undefined ? {} : { headers }) };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  encoding: OtlpEncoding,
  result: HttpAnswer,
  draining: boolean,
): void {
  const { status, body, headers } = result;
  const unread = !request.complete;
  response.writeHead(status, {
    ...headers,
    'content-type': CONTENT_TYPES[encoding],
    'content-length': body.length,
    ...(unread || draining ? { connection: 'close' } : {}),
  });
  if (!unread) {
    response.end(body);
    return;
  }
  // A connection closed on a sender that is still writing loses the answer: give it a moment to read it.
  response.write(body);
  const timer = setTimeout(() => response.end(), LINGER_MILLIS);
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => response.end());
  request.once('error', () => response.destroy());
  request.resume();
}

/** Encoding of a Content-Type, its parameters aside. */
function encodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase();
  return (Object.keys(CONTENT_TYPES) as OtlpEncoding[]).find((encoding) => CONTENT_TYPES[encoding] === mediaType);
}
