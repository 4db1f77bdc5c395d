// @ts-check
/** The real collector with collector-config/collector.yaml, on free ports and with a queue folder of its own. */
import { configOptions } from '../scripts/collector/configurations.mjs';
import { freePorts } from './ports.mjs';
import { Program } from './program.mjs';
import { answers, until } from './until.mjs';

export class Collector {
  ports;
  /** Of all its lives. */
  log = '';
  #program;
  #environment;
  /** @type {Program | undefined} */
  #running;

  /**
   * @param {string} program
   * @param {Awaited<ReturnType<typeof collectorPorts>>} ports
   * @param {{ queueFolder: string, receiver: string, backend: string }} options URLs of OTLP/HTTP without path
   */
  constructor(program, ports, { queueFolder, receiver, backend }) {
    this.ports = ports;
    this.#program = program;
    const at = (/** @type {number} */ port) => `127.0.0.1:${String(port)}`;
    this.#environment = {
      COLLECTOR_OTLP_GRPC: at(ports.grpc),
      COLLECTOR_OTLP_HTTP: at(ports.http),
      COLLECTOR_METRICS_HTTP: at(ports.metrics),
      COLLECTOR_PROMETHEUS: at(ports.prometheus),
      COLLECTOR_HEALTH: at(ports.health),
      COLLECTOR_OWN_METRICS: String(ports.own),
      COLLECTOR_QUEUE_FOLDER: queueFolder,
      TELEMETRY_KIT_RECEIVER: receiver,
      TRACE_BACKEND: backend,
    };
  }

  async start() {
    const running = new Program(this.#program, configOptions(['collector.yaml']), this.#environment);
    this.#running = running;
    await until('the collector', () => answers(`http://127.0.0.1:${String(this.ports.health)}/`)).catch(
      (/** @type {unknown} */ error) => {
        throw new Error(running.log, { cause: error });
      },
    );
  }

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
    await this.#running?.end(signal);
    this.log += this.#running?.log ?? '';
    this.#running = undefined;
  }
}

export function collectorPorts() {
  return freePorts(['grpc', 'http', 'metrics', 'prometheus', 'health', 'own']);
}
