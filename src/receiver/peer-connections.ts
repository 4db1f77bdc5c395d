/**
 * How many connections one address may hold open. Without it whoever opens connections and sends nothing takes
 * everybody's places. A collector or a proxy needs a few dozen for any number of senders behind it.
 */
import type { Server, Socket } from 'node:net';

/** Closes what an address opens beyond `most`, at once and without a word. */
export function limitPerPeer(server: Server, most: number): void {
  const open = new Map<string, number>();
  server.prependListener('connection', (socket: Socket) => {
    const peer = socket.remoteAddress ?? '';
    const held = open.get(peer) ?? 0;
    if (held >= most) {
      socket.destroy();
      return;
    }
    open.set(peer, held + 1);
    socket.once('close', () => {
      const left = (open.get(peer) ?? 1) - 1;
      if (left > 0) open.set(peer, left);
      else open.delete(peer);
    });
  });
}
