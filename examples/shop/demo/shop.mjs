// @ts-check
/** The shop as a child process of the demo, with everything it prints shown to a watcher. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('./shop-process.mjs', import.meta.url));

/**
 * @typedef {import('./shop-process.mjs').ShopOptions} ShopOptions
 * @typedef {import('./shop-process.mjs').ShopAnswer} ShopAnswer
 * @typedef {import('./shop-process.mjs').ShopRequest} ShopRequest
 */

export class Shop {
  /** Rejects if the process ends without being asked to. */
  died;
  #child;
  #ended;
  #stopping = false;

  /**
   * @param {ShopOptions} options
   * @param {() => (chunk: Buffer) => void} newWatcher asked once for each output stream
   * @param {URL | string} [entry] module that runs the shop
   */
  constructor(options, newWatcher, entry = ENTRY) {
    this.#child = fork(entry, [JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    let complaint = '';
    this.#child.stdout?.on('data', newWatcher());
    this.#child.stderr?.on('data', newWatcher());
    this.#child.stderr?.on('data', (chunk) => (complaint += String(chunk)));
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', resolve);
    });
    /** @type {Promise<never>} */
    this.died = this.#ended.then(() => {
      if (!this.#stopping) throw new Error(`the shop ended by itself\n${complaint}`);
      return /** @type {Promise<never>} */ (new Promise(() => undefined));
    });
    this.died.catch(() => undefined);
  }

  /** Resolves with the port once the pool of randomness is full and the shop listens. */
  async ready() {
    return (await this.#answer('port')).port;
  }

  async counts() {
    this.#child.send(/** @type {ShopRequest} */ ('counts'));
    return (await this.#answer('counts')).counts;
  }

  /** Resolves when every span that has ended was exported. */
  async flush() {
    this.#child.send(/** @type {ShopRequest} */ ('flush'));
    await this.#answer('flushed');
  }

  /** Drains what is left and ends the process. */
  async stop() {
    this.#stopping = true;
    this.#child.send(/** @type {ShopRequest} */ ('stop'));
    await this.#ended;
  }

  /** Ends the process at once, at whatever stage it is. */
  async kill() {
    this.#stopping = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /**
   * The next message that has this field.
   * @template {string} Field
   * @param {Field} field
   * @returns {Promise<Extract<ShopAnswer, Record<Field, unknown>>>}
   */
  #answer(field) {
    const answer = new Promise((resolve) => {
      /** @param {unknown} message */
      const listener = (message) => {
        if (typeof message !== 'object' || message === null || !(field in message)) return;
        this.#child.off('message', listener);
        resolve(message);
      };
      this.#child.on('message', listener);
    });
    return Promise.race([answer, this.died]);
  }
}
