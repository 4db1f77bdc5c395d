// @ts-check
/** Stands where a trace backend would, keeps what arrives, and takes everything. */
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export class Backend {
  /** Bodies as they came, decompressed. */
  bodies = /** @type {Buffer[]} */ ([]);
  #server = createServer((request, response) => {
    void buffer(request).then((body) => {
      this.bodies.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });

  /** @returns {Promise<string>} its URL */
  start() {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
        resolve(`http://127.0.0.1:${String(port)}`);
      });
    });
  }

  /** @param {string} text */
  saw(text) {
    return this.bodies.some((body) => body.includes(text));
  }

  end() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
