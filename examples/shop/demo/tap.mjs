// @ts-check
/**
 * A TCP proxy on the loopback interface that shows every byte passing in one direction to a scanner and
 * passes both directions on unchanged.
 */
import { connect, createServer } from 'node:net';

/**
 * @typedef {{ readonly port: number, aim(port: number): void, close(): Promise<void> }} Tap
 */

/**
 * @param {{
 *   watch: 'to-target' | 'from-target',
 *   newWatcher: () => (chunk: Buffer) => void,
 * }} options `newWatcher` is asked once for every connection
 * @returns {Promise<Tap>} listening; connections are refused until it is aimed at a port
 */
export async function openTap({ watch, newWatcher }) {
  /** @type {number | undefined} */
  let targetPort;
  /** @type {Set<import('node:net').Socket>} */
  const open = new Set();

  const server = createServer((inbound) => {
    if (targetPort === undefined) {
      inbound.destroy();
      return;
    }
    const outbound = connect(targetPort, '127.0.0.1');
    const watched = watch === 'to-target' ? inbound : outbound;
    watched.on('data', newWatcher());
    join(inbound, outbound);
    join(outbound, inbound);
  });

  /**
   * @param {import('node:net').Socket} from
   * @param {import('node:net').Socket} to
   */
  function join(from, to) {
    open.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      open.delete(from);
      to.end();
    });
  }

  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the tap has no port');
  return {
    port: address.port,
    aim: (port) => {
      targetPort = port;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
