// @ts-check
/** A real Prometheus with a configuration of collector-config/prometheus/, its targets put in place. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './ports.mjs';
import { Program } from './program.mjs';
import { answers, until } from './until.mjs';

const CONFIG_FOLDER = fileURLToPath(new URL('../collector-config/prometheus/', import.meta.url));

/** @typedef {{ metric: Record<string, string>, value: [number, string] }} Sample */

export class Prometheus {
  #program;
  #url;

  /**
   * @param {Program} program
   * @param {string} url
   */
  constructor(program, url) {
    this.#program = program;
    this.#url = url;
  }

  /**
   * @param {string} program
   * @param {string} folder for its data, made here
   * @param {string} config name of a file in collector-config/prometheus/
   * @param {Readonly<Record<string, number>>} targets what stands in for each address of the file: a port
   */
  static async start(program, folder, config, targets) {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, withTargets(readFileSync(join(CONFIG_FOLDER, config), 'utf8'), targets));
    const { port } = await freePorts(['port']);
    const address = `127.0.0.1:${String(port)}`;
    const running = new Program(program, [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ]);
    await until('Prometheus', () => answers(`http://${address}/-/ready`)).catch((/** @type {unknown} */ error) => {
      throw new Error(running.log, { cause: error });
    });
    return new Prometheus(running, `http://${address}`);
  }

  /**
   * An instant query.
   * @param {string} query PromQL
   * @returns {Promise<Sample[]>}
   */
  async query(query) {
    const response = await fetch(`${this.#url}/api/v1/query?${String(new URLSearchParams({ query }))}`);
    const answer = /** @type {any} */ (await response.json());
    if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`);
    return answer.data.result;
  }

  async end() {
    await this.#program.end('SIGTERM');
  }
}

/**
 * @param {string} config
 * @param {Readonly<Record<string, number>>} targets
 */
function withTargets(config, targets) {
  let result = config
    .replaceAll(/_interval: \d+s/g, '_interval: 1s')
    .replaceAll('rules/', join(CONFIG_FOLDER, 'rules/'));
  for (const [address, port] of Object.entries(targets)) {
    if (!result.includes(address)) throw new Error(`the configuration does not scrape ${address}`);
    result = result.replaceAll(address, `127.0.0.1:${String(port)}`);
  }
  return result;
}
