/** Answers of a gRPC server (gRPC over HTTP/2): a message and status 0, or a status alone. */
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import { encodeStatus, type RpcStatus } from '../otlp/encode.js';
import { framed } from './grpc-message.js';

const HEADERS: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
};

/** Starts an answer of messages; `endMessages` ends it. */
export function beginMessages(stream: ServerHttp2Stream, finalStatus: () => number): void {
  if (isOver(stream)) return;
  stream.respond(HEADERS, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(finalStatus()) }));
}

export function sendMessage(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (!isOver(stream)) stream.write(framed(message));
}

export function endMessages(stream: ServerHttp2Stream): void {
  if (!isOver(stream)) stream.end();
}

/** One message and success. */
export function answerMessage(stream: ServerHttp2Stream, message: Uint8Array): void {
  beginMessages(stream, () => 0);
  sendMessage(stream, message);
  endMessages(stream);
}

/** A failure. A sender that still writes is told to stop. */
export function answerStatus(stream: ServerHttp2Stream, rpc: RpcStatus): void {
  refuse(stream, {
    ...HEADERS,
    'grpc-status': String(rpc.code),
    'grpc-message': encodeURIComponent(rpc.message),
    'grpc-status-details-bin': Buffer.from(encodeStatus('protobuf', rpc)).toString('base64'),
  });
}

/** Not gRPC at all. */
export function answerUnsupported(stream: ServerHttp2Stream): void {
  refuse(stream, { ':status': 415 });
}

function refuse(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (isOver(stream)) return;
  stream.respond(headers, { endStream: true });
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

function isOver(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed || stream.writableEnded;
}
