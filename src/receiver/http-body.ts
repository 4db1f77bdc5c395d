/**
 * Reads a request's body, decompressing as it arrives, and stops at the limit: on the wire, after
 * decompression, and for all requests together. A refused request stays open, so that it can be answered.
 */
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflate } from 'node:zlib';
import { UndecodableRequest } from '../otlp/errors.js';
import type { Capacity } from './capacity.js';
import { busy } from './failure.js';

/** A map, not an object: the name comes from the sender. */
const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
]);

/** Content codings that are understood, for the Accept-Encoding of a refusal. */
export const ACCEPTED_CODINGS = 'gzip, deflate';

export class BodyTooLarge extends Error {}
/** The connection broke before the body was complete: nothing is wrong on this side. */
export class SenderGone extends Error {}

/** Whether a Content-Encoding can be undone; none and `identity` need nothing. */
export function isKnownCoding(coding: string | undefined): boolean {
  return isIdentity(coding) || DECODERS.has(normalized(coding));
}

export interface HeldBody {
  readonly bytes: Buffer;
  /** Gives the room back; call it when the bytes are no longer used. */
  readonly release: () => void;
}

/** Rejects with `BodyTooLarge`, `SenderGone`, `UndecodableRequest` or, without room, `unavailable`, having given back all room. */
export async function readBody(request: IncomingMessage, maxBytes: number, room: Capacity): Promise<HeldBody> {
  const chunks: Buffer[] = [];
  let held = 0;
  const release = (): void => {
    room.give(held);
    held = 0;
  };
  const keep = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      if (held + chunk.length > maxBytes) throw new BodyTooLarge();
      if (!room.tryTake(chunk.length)) throw busy();
      held += chunk.length;
      chunks.push(chunk);
    }
  };
  try {
    await decodeInto(request, maxBytes, keep);
    return { bytes: Buffer.concat(chunks), release };
  } catch (error) {
    release();
    if (request.destroyed && !request.complete) throw new SenderGone();
    if (isZlibError(error)) throw new UndecodableRequest('the body is not valid in its Content-Encoding');
    throw error;
  }
}

async function decodeInto(
  request: IncomingMessage,
  maxBytes: number,
  keep: (source: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const coding = request.headers['content-encoding'];
  const received = limited(request, maxBytes);
  if (isIdentity(coding)) await keep(received);
  else await pipeline(received, (DECODERS.get(normalized(coding)) ?? createGunzip)(), keep);
}

/** The body as it arrives. Giving up on it does not destroy the request. */
async function* limited(request: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  let received = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > maxBytes) throw new BodyTooLarge();
    yield chunk;
  }
}

function isIdentity(coding: string | undefined): boolean {
  return ['', 'identity', 'none'].includes(normalized(coding));
}

function normalized(coding: string | undefined): string {
  return (coding ?? '').trim().toLowerCase();
}

function isZlibError(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.startsWith('Z_');
}
