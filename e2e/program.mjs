// @ts-check
/** A real program as a child process: what it says is kept, and it ends with the test. */
import { spawn } from 'node:child_process';

const LOG_LIMIT = 200_000;

export class Program {
  /** What it wrote on standard error. */
  log = '';
  #child;
  #ended;

  /**
   * @param {string} command
   * @param {readonly string[]} options
   * @param {Readonly<Record<string, string>>} environment
   */
  constructor(command, options, environment = {}) {
    this.#child = spawn(command, options, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr.on('data', (chunk) => {
      if (this.log.length < LOG_LIMIT) this.log += String(chunk);
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', resolve);
      this.#child.once('error', resolve);
    });
  }

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
    this.#child.kill(signal);
    await this.#ended;
  }
}
