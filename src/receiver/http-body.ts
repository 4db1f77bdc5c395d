/** Reads a request's body within the limits. A refused request stays open, so that it can be answered. */
import type { IncomingMessage } from 'node:http';
import type { Capacity } from './capacity.js';
import { holdBody, type HeldBody } from './held-body.js';

/** The connection broke before the body was complete: nothing is wrong on this side. */
export class SenderGone extends Error {}

/** Rejects with `BodyTooLarge`, `SenderGone`, `UndecodableRequest` or, without room, `unavailable`, having given back all room. */
export async function readBody(request: IncomingMessage, maxBytes: number, room: Capacity): Promise<HeldBody> {
  try {
    // Giving up on it does not destroy the request.
    const received = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    return await holdBody(received, request.headers['content-encoding'], maxBytes, room);
  } catch (error) {
    if (request.destroyed && !request.complete) throw new SenderGone();
    throw error;
  }
}
