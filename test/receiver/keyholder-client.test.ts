/** The key holder's client against peers that misbehave; the real key holder is in test/keyholder/server.test.ts. */
import { join } from 'node:path';
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { toBase64Url } from '../../src/bytes.js';
import { createKeyHolderClient } from '../../src/receiver/keyholder-client.js';
import {
  decodeWindowReleaseRequest,
  encodeWindowReleaseResponse,
  RELEASE_WINDOW_PATH,
} from '../../src/wire/release-messages.js';
import type { WindowReleaseRequest, WindowReleaseResponse } from '../../src/wire/release.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const request: WindowReleaseRequest = {
  planHash: new Uint8Array(32).fill(1),
  report: 0,
  windowStart: 60,
  windowEnd: 120,
  cells: [
    {
      measurement: 0,
      labels: [2],
      aggregates: [{ kid: toBase64Url(new Uint8Array(32).fill(2)), ciphertext: new Uint8Array(128).fill(3) }],
      count: 5,
      digest: new Uint8Array(32).fill(4),
    },
  ],
};

const response: WindowReleaseResponse = {
  cells: [
    {
      status: 'released',
      releaseId: toBase64Url(new Uint8Array(32).fill(5)),
      values: [-7n, 2n ** 100n],
      ledger: { sequence: 3, hash: toBase64Url(new Uint8Array(32).fill(6)) },
    },
  ],
  budget: { domain: 'shop', periodStart: 0, measure: 'epsilon', limit: '20', consumed: '1/3', remaining: '59/3' },
};

type Answer = (bytes: Buffer, callback: sendUnaryData<Buffer>) => void;

/** A server on a Unix socket that answers the release method with whatever it is told to. */
async function peer(answer: Answer): Promise<string> {
  const same = (bytes: Buffer): Buffer => bytes;
  const method = {
    path: RELEASE_WINDOW_PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  } as const;
  const server = new Server();
  server.addService(
    { ReleaseWindow: method },
    {
      ReleaseWindow: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
        answer(call.request, callback);
      },
    },
  );
  const target = `unix:${join(temporaryFolder(), 'peer.sock')}`;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  onTestFinished(() => {
    server.forceShutdown();
  });
  return target;
}

function connect(target: string, timeoutMillis?: number): ReturnType<typeof createKeyHolderClient> {
  const client = createKeyHolderClient({ target, ...(timeoutMillis === undefined ? {} : { timeoutMillis }) });
  onTestFinished(() => {
    client.close();
  });
  return client;
}

test('sends the request as it is and returns the answer as it is', async () => {
  const received: unknown[] = [];
  const target = await peer((bytes, callback) => {
    received.push(decodeWindowReleaseRequest(bytes));
    callback(null, Buffer.from(encodeWindowReleaseResponse(response)));
  });
  expect(await connect(target).releaseWindow(request)).toEqual(response);
  expect(received).toMatchObject([{ ok: true, message: { windowStart: 60, cells: [{ labels: [2], count: 5 }] } }]);
});

describe('is unavailable, with the reason in its message, where', () => {
  test('nobody listens', async () => {
    const target = `unix:${join(temporaryFolder(), 'nobody.sock')}`;
    await expect(connect(target).releaseWindow(request)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test.each<[string, Answer, RegExp]>([
    ['the answer is no message', (_bytes, callback) => callback(null, Buffer.from([0xff, 0xff])), /not understood/],
    ['the answer is empty', (_bytes, callback) => callback(null, Buffer.alloc(0)), /not understood/],
    [
      'another number of cells is answered',
      (_bytes, callback) => callback(null, Buffer.from(encodeWindowReleaseResponse({ ...response, cells: [] }))),
      /another number of cells/,
    ],
    ['the peer refuses', (_bytes, callback) => callback({ code: status.UNAVAILABLE, details: 'stopping' }), /stopping/],
    ['the peer fails', (_bytes, callback) => callback({ code: status.INTERNAL, details: 'oh' }), /INTERNAL/],
  ])('%s', async (_name, answer, message) => {
    const client = connect(await peer(answer));
    await expect(client.releaseWindow(request)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(message) as string,
    });
  });

  test('no answer comes in time', async () => {
    const client = connect(await peer(() => undefined), 50);
    await expect(client.releaseWindow(request)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('DEADLINE_EXCEEDED') as string,
    });
  });
});

test('a key id that is none is the caller’s mistake', async () => {
  const broken = {
    ...request,
    cells: [{ ...request.cells[0]!, aggregates: [{ kid: '?', ciphertext: new Uint8Array(8) }] }],
  };
  await expect(connect('unix:/nowhere').releaseWindow(broken)).rejects.toMatchObject({ code: 'invalid_argument' });
});

test('without a Unix socket there is no connection in clear', () => {
  for (const target of ['127.0.0.1:9000', 'dns:///holder:9000', '']) {
    expect(() => createKeyHolderClient({ target })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  }
});
