/** A connection between two parts that can be cut: a proxy for TCP and Unix sockets. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';

/** As `net.connect` and `net.listen` take it. */
export type Place = { readonly port: number; readonly host: '127.0.0.1' } | { readonly path: string };

export class Link {
  /** Where connections are taken. */
  readonly place: Place;
  /** Where they lead; may change. */
  target: Place | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server, place: Place) {
    this.#server = server;
    this.place = place;
    server.on('connection', (socket: Socket) => this.#join(socket));
  }

  /** On a Unix socket at this path, else on a port of its own. */
  static async open(path?: string): Promise<Link> {
    const server = createServer();
    const options: ListenOptions = path === undefined ? { port: 0, host: '127.0.0.1' } : { path };
    await once(server.listen(options), 'listening');
    const port = path === undefined ? (server.address() as AddressInfo).port : 0;
    return new Link(server, path === undefined ? { port, host: '127.0.0.1' } : { path });
  }

  /** Drops every connection, and refuses new ones until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(near: Socket): void {
    if (this.#isCut || this.target === undefined) {
      near.destroy();
      return;
    }
    const far = connect(this.target);
    this.#drop(near, far);
    this.#drop(far, near);
    near.pipe(far).pipe(near);
  }

  /** Whatever ends one side ends the other. */
  #drop(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}
