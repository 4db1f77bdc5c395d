/** A built receiver and key holder in one folder, joined by a Unix socket, on a clock of the test's own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunningKeyHolder } from '../../src/keyholder/start.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import type { RunningReceiver } from '../../src/receiver/index.js';
import type { Logger } from '../../src/service/logger.js';
import { testPrivateKey } from '../support/keys.js';
import { createKeyHolderClient, PrivateKey, startKeyHolder, startReceiver } from './built.js';
import { key, logger, requestWith, WINDOW } from './harness.js';

export class ServicePair {
  /** Unix seconds. */
  now = WINDOW + 1;
  readonly #folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-pair-'));
  readonly #plan: CompiledPlan;
  readonly #logger: Logger;
  #receiver: RunningReceiver | undefined;
  #keyHolder: RunningKeyHolder | undefined;

  /** `log`: where both services write their lines; nowhere by default. */
  constructor(plan: CompiledPlan, log: Logger = logger) {
    this.#plan = plan;
    this.#logger = log;
  }

  /** Every byte that the services keep on disk. */
  storedBytes(): Buffer {
    const files = readdirSync(this.#folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
  }

  get receiver(): RunningReceiver {
    if (this.#receiver === undefined) throw new Error('start the receiver first');
    return this.#receiver;
  }

  async startReceiver(): Promise<void> {
    const address = { host: '127.0.0.1', port: 0 };
    this.#receiver = await startReceiver({
      dataFolder: join(this.#folder, 'receiver'),
      plans: [this.#plan],
      publicKeys: [key],
      decryptor: createKeyHolderClient({ target: `unix:${this.#socket}` }),
      otlpHttp: address,
      otlpGrpc: address,
      prometheus: address,
      admin: address,
      verifyWorkers: 1,
      logger: this.#logger,
      clock: () => this.now * 1000,
    });
  }

  async startKeyHolder(): Promise<void> {
    const { p, q } = testPrivateKey().exportPrimes();
    this.#keyHolder = await startKeyHolder({
      dataFolder: join(this.#folder, 'keyholder'),
      privateKeys: [PrivateKey.fromPrimes(p, q, { allowTestSize: true })],
      plans: [this.#plan],
      ceilings: { epsilonPerPeriod: '1000', period: 'day', epsilonPerRelease: '20', deltaPerPeriod: '0.00001' },
      domains: ['shop'],
      listen: { socketPath: this.#socket },
      logger: this.#logger,
      clock: () => this.now * 1000,
    });
  }

  /**
   * Sends envelopes over OTLP/HTTP, again where the answer asks for it: after a jump of the clock the receiver takes
   * none before its next tick. All must be accepted.
   */
  async send(...envelopes: string[]): Promise<void> {
    let response = await this.#post(envelopes);
    while (response.status === 503) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      response = await this.#post(envelopes);
    }
    expect(await response.json()).toEqual({});
  }

  #post(envelopes: readonly string[]): Promise<Response> {
    return fetch(`http://127.0.0.1:${String(this.receiver.ports.otlpHttp)}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(requestWith(...envelopes)),
    });
  }

  /** Lets time pass until so many windows are published. */
  async untilPublished(windows: number): Promise<void> {
    while ((await this.receiver.releases()).length < windows) {
      this.now += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    await this.#receiver?.close();
    await this.#keyHolder?.close();
    rmSync(this.#folder, { recursive: true });
  }

  get #socket(): string {
    return join(this.#folder, 'k.sock');
  }
}
