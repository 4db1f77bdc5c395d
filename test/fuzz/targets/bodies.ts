/** Compressed request bodies as they arrive, in pieces. */
import { deflateSync, gzipSync } from 'node:zlib';
import { TelemetryKitError } from '../../../src/errors.js';
import { UndecodableRequest } from '../../../src/otlp/errors.js';
import { Capacity } from '../../../src/receiver/capacity.js';
import { BodyTooLarge } from '../../../src/receiver/growing-buffer.js';
import { holdBody } from '../../../src/receiver/held-body.js';
import { promise, type Target } from '../target.js';
import { bytesOf } from './texts.js';

const MAX_BYTES = 20_000;
const room = new Capacity(100_000);

/** The first byte chooses the coding and how the rest is cut. */
export const bodies: Target = {
  name: 'body',
  form: 'bytes',
  seeds: () => {
    const content = bytesOf({ resourceSpans: [] });
    const coded: [number, Uint8Array][] = [
      [0, content],
      [1, gzipSync(content)],
      [2, deflateSync(content)],
      [1, gzipSync(Buffer.alloc(1_000_000))],
    ];
    return coded.map(([coding, bytes]) => Uint8Array.from([coding, ...bytes]));
  },
  check: async ([head = 0, ...content]) => {
    const coding = ['identity', 'gzip', 'deflate', 'x-gzip'][head % 4];
    try {
      const held = await holdBody(pieces(Buffer.from(content), 1 + (head >> 2)), coding, MAX_BYTES, room);
      promise(held.bytes.length <= MAX_BYTES, 'holds more than the limit');
      held.release();
      promise(room.used === 0, 'keeps room that it no longer needs');
      return 'accepted';
    } catch (error) {
      const isKnown = [BodyTooLarge, UndecodableRequest, TelemetryKitError].some((each) => error instanceof each);
      if (!isKnown) throw error;
      promise(room.used === 0, 'keeps room of a body that it refused');
      return 'refused';
    }
  },
};

async function* pieces(content: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 97 * length) {
    yield await Promise.resolve(content.subarray(at, at + 97 * length));
  }
}
