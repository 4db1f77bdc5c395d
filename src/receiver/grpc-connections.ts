/**
 * The connections of an HTTP/2 server: asked to close when nothing happens on them, when they are old and when
 * the server closes, and cut off when they do not. A session that was asked to close cannot be destroyed while
 * its peer reads nothing, so it is the socket that is cut.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { AnyHttp2Server } from '../service/tls-servers.js';

/** Senders open another connection when asked to close one. */
const IDLE_MILLIS = 5 * 60_000;
const AGE_MILLIS = 30 * 60_000;

export class GrpcConnections {
  readonly #server: AnyHttp2Server;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();

  /** @param graceMillis how long calls on an old connection may go on. */
  constructor(server: AnyHttp2Server, graceMillis: number) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      const tooOld = setTimeout(() => socket.destroy(), AGE_MILLIS + graceMillis);
      this.#sockets.add(socket);
      socket.once('close', () => {
        clearTimeout(tooOld);
        this.#sockets.delete(socket);
      });
    });
    server.on('session', (session: ServerHttp2Session) => {
      // A connection that breaks has nobody to tell.
      session.on('error', () => undefined);
      session.setTimeout(IDLE_MILLIS, () => session.close());
      const old = setTimeout(() => session.close(), AGE_MILLIS);
      this.#sessions.add(session);
      session.once('close', () => {
        clearTimeout(old);
        this.#sessions.delete(session);
      });
    });
  }

  /** Accepts no more connections and calls, lets those that run finish. */
  close(graceMillis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy();
      }, graceMillis);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      for (const session of this.#sessions) session.close();
    });
  }
}
