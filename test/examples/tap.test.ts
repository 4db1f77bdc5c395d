/** The demo's tap passes bytes on unchanged and shows the watched direction only. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openTap } from '../../examples/shop/demo/tap.mjs';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Answers whatever it is sent in upper case. */
async function shoutingServer(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => socket.end(chunk.toString().toUpperCase()));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(async () => once(server.close(), 'close'));
  return (server.address() as AddressInfo).port;
}

async function askThroughTap(watch: 'to-target' | 'from-target'): Promise<{ answer: string; seen: string }> {
  const seen: string[] = [];
  const tap = await openTap({ watch, newWatcher: () => (chunk: Buffer) => seen.push(chunk.toString()) });
  closing.push(() => tap.close());
  tap.aim(await shoutingServer());
  const socket = connect(tap.port, '127.0.0.1');
  socket.write('hello');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  await once(socket, 'close');
  return { answer, seen: seen.join('') };
}

describe('the tap', () => {
  it('shows what goes to the target', async () => {
    expect(await askThroughTap('to-target')).toEqual({ answer: 'HELLO', seen: 'hello' });
  });

  it('shows what comes from the target', async () => {
    expect(await askThroughTap('from-target')).toEqual({ answer: 'HELLO', seen: 'HELLO' });
  });

  it('refuses connections before it is aimed', async () => {
    const tap = await openTap({ watch: 'to-target', newWatcher: () => () => undefined });
    closing.push(() => tap.close());
    const socket = connect(tap.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('hello');
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });
});
