/**
 * Keeps the bytes of a source, decompressed as they arrive, up to the limit: on the wire, after decompression,
 * and, through `room`, for all requests together.
 */
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflate } from 'node:zlib';
import { UndecodableRequest } from '../otlp/errors.js';
import type { Capacity } from './capacity.js';
import { busy } from './failure.js';
import { BodyTooLarge, GrowingBuffer } from './growing-buffer.js';

/** A map, not an object: the name comes from the sender. */
const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
]);
/** What a decoder holds besides its output: zlib's window, tables and output buffer. */
const DECODER_BYTES = 64 * 1024;

/** Content codings that are understood, for the Accept-Encoding of a refusal. */
export const ACCEPTED_CODINGS = 'gzip, deflate';

export interface HeldBody {
  readonly bytes: Buffer;
  /** Gives the room back; call it when the bytes are no longer used. */
  readonly release: () => void;
}

/** Whether a coding can be undone; none and `identity` need nothing. */
export function isKnownCoding(coding: string | undefined): boolean {
  return isIdentity(coding) || DECODERS.has(normalized(coding));
}

function isIdentity(coding: string | undefined): boolean {
  return ['', 'identity', 'none'].includes(normalized(coding));
}

/**
 * Rejects with `BodyTooLarge`, `UndecodableRequest`, without room `unavailable`, or as the source does, having
 * given back all room.
 */
export async function holdBody(
  source: AsyncIterable<Buffer>,
  coding: string | undefined,
  maxBytes: number,
  room: Capacity,
): Promise<HeldBody> {
  const held = new GrowingBuffer(maxBytes, room);
  const keep = async (decoded: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of decoded) held.append(piece);
  };
  try {
    const received = limited(source, maxBytes);
    if (isIdentity(coding)) await keep(received);
    else await decodeInto(received, DECODERS.get(normalized(coding)) ?? createGunzip, keep, room);
    return { bytes: held.bytes, release: () => held.release() };
  } catch (error) {
    held.release();
    if (isDecodingError(error)) throw new UndecodableRequest('the body is not valid in its encoding');
    throw error;
  }
}

async function decodeInto(
  received: AsyncIterable<Buffer>,
  createDecoder: () => Transform,
  keep: (decoded: AsyncIterable<Buffer>) => Promise<void>,
  room: Capacity,
): Promise<void> {
  if (!room.tryTake(DECODER_BYTES)) throw busy();
  try {
    await pipeline(received, createDecoder(), keep);
  } finally {
    room.give(DECODER_BYTES);
  }
}

async function* limited(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let received = 0;
  for await (const piece of source) {
    received += piece.length;
    if (received > maxBytes) throw new BodyTooLarge();
    yield piece;
  }
}

function normalized(coding: string | undefined): string {
  return (coding ?? '').trim().toLowerCase();
}

/** zlib's own, and what a pipeline says of a decoder that ends before its input does: bytes follow the last member. */
function isDecodingError(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && (code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE');
}
