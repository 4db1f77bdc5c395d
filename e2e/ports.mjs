// @ts-check
/** Free ports for programs that cannot be asked which one they took. */
import { createServer } from 'node:net';

/**
 * All different, because all are held until the last is found.
 * @template {string} Name
 * @param {readonly Name[]} names
 * @returns {Promise<Record<Name, number>>}
 */
export async function freePorts(names) {
  const servers = await Promise.all(names.map(() => listening()));
  const ports = servers.map((server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return /** @type {Record<Name, number>} */ (
    Object.fromEntries(names.map((name, index) => [name, ports[index] ?? 0]))
  );
}

/** @returns {Promise<import('node:net').Server>} */
function listening() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
