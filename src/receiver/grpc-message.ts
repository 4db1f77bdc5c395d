/**
 * Length-prefixed gRPC messages (gRPC over HTTP/2): a flag, four bytes of length, the content. One message is
 * read within the limits and copied as it arrives, because a sender chooses how small the frames are that
 * bring it.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { UndecodableRequest } from '../otlp/errors.js';
import type { Capacity } from './capacity.js';
import { BodyTooLarge } from './growing-buffer.js';
import { holdBody, type HeldBody } from './held-body.js';
import { SenderGone } from './http-body.js';

const PREFIX_BYTES = 5;

/**
 * The only message of the stream, decompressed. `coding`: its grpc-encoding, one that `isKnownCoding`. Rejects
 * with `BodyTooLarge`, `SenderGone`, `UndecodableRequest` or, without room, `unavailable`, having given back
 * all room. The stream stays open, so that it can be answered.
 */
export async function readMessage(
  stream: ServerHttp2Stream,
  coding: string | undefined,
  maxBytes: number,
  room: Capacity,
): Promise<HeldBody> {
  const pieces = (stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  try {
    const { compressed, length, rest } = await readPrefix(pieces);
    if (length > maxBytes) throw new BodyTooLarge();
    return await holdBody(contentOf(pieces, rest, length), compressed ? coding : undefined, maxBytes, room);
  } catch (error) {
    if (stream.aborted || stream.destroyed) throw new SenderGone();
    throw error;
  } finally {
    await pieces.return?.();
  }
}

/** A message as it is sent: not compressed. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

async function readPrefix(
  pieces: AsyncIterator<Buffer>,
): Promise<{ compressed: boolean; length: number; rest: Buffer }> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < PREFIX_BYTES) {
    const next = await pieces.next();
    if (next.done === true) throw new SenderGone();
    start = Buffer.concat([start, next.value]);
  }
  const flag = start.readUInt8(0);
  if (flag > 1) throw new UndecodableRequest('a message with an unknown flag');
  return { compressed: flag === 1, length: start.readUInt32BE(1), rest: start.subarray(PREFIX_BYTES) };
}

/** Exactly `length` bytes, and then the stream's end. */
async function* contentOf(pieces: AsyncIterator<Buffer>, rest: Buffer, length: number): AsyncGenerator<Buffer> {
  let missing = length - rest.length;
  if (missing >= 0) yield rest;
  while (missing >= 0) {
    const next = await pieces.next();
    if (next.done === true) break;
    missing -= next.value.length;
    if (missing >= 0) yield next.value;
  }
  if (missing > 0) throw new SenderGone();
  if (missing < 0) throw new UndecodableRequest('more bytes than the one message of a call');
}
