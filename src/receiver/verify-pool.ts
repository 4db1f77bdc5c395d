/**
 * Verification in worker threads. A task is one chunk of one request's envelopes. A worker that dies takes
 * its task with it: the task is tried once more on another one, and if that dies too the sender is told to
 * try again; nothing is counted as rejected that was not checked.
 */
import Tinypool from 'tinypool';
import { TelemetryKitError } from '../errors.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { Logger } from '../service/logger.js';
import type { VerifyResult } from '../wire/verify.js';
import type { VerifyWorkerData } from './verify-worker.js';

/** Checks envelopes; results in order. Rejects with `unavailable` where it could not check. */
export interface EnvelopeVerification {
  verify(envelopes: readonly Uint8Array[]): Promise<VerifyResult[]>;
}

export interface VerifyPoolOptions {
  readonly plans: readonly CompiledPlan[];
  readonly keys: readonly PublicKey[];
  readonly workers: number;
  readonly logger: Logger;
  /** Another module with the worker's exports; the package's own by default. */
  readonly workerFile?: URL;
}

const TRIES = 2;

export class VerifyPool implements EnvelopeVerification {
  readonly #pool: Tinypool;
  readonly #workers: number;
  readonly #logger: Logger;

  constructor({ plans, keys, workers, logger, workerFile }: VerifyPoolOptions) {
    const workerData: VerifyWorkerData = { plans: plans.map(({ plan }) => plan), moduli: keys.map(({ n }) => n) };
    this.#workers = workers;
    this.#logger = logger;
    this.#pool = new Tinypool({
      filename: (workerFile ?? new URL('./verify-worker.js', import.meta.url)).href,
      minThreads: workers,
      maxThreads: workers,
      workerData,
    });
    // A worker that dies between tasks; the pool replaces it.
    this.#pool.on('error', (error) =>
      this.#logger.error({ err: error as unknown }, 'an idle verification worker died'),
    );
  }

  /** Resolves when every worker has built its tables; rejects with `unavailable` where one cannot start. */
  async warmUp(): Promise<void> {
    // As many tasks at once as there are idle workers: one each.
    await Promise.all(Array.from({ length: this.#workers }, () => this.#run(undefined, 'warmUp')));
  }

  verify(envelopes: readonly Uint8Array[]): Promise<VerifyResult[]> {
    // Copies: a view would be sent together with the whole buffer it looks at.
    const task = envelopes.map((envelope) => envelope.slice());
    return this.#run(task, 'default') as Promise<VerifyResult[]>;
  }

  /** Ends the workers; tasks that still run are rejected. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #run(task: unknown, name: string): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#pool.run(task, { name });
      } catch (cause) {
        this.#logger.error({ err: cause, tries }, 'a verification worker died');
        if (tries < TRIES) continue;
        throw new TelemetryKitError('unavailable', 'envelopes could not be verified', {
          fix: 'send them again; if it happens again, look for the workers that died in the log of the receiver',
          cause,
        });
      }
    }
  }
}
