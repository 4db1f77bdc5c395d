/**
 * Verification in worker threads. A task is one chunk of one request's envelopes. A worker that dies takes
 * its task with it: the task is tried once more on another one, and if that dies too the sender is told to
 * try again; nothing is counted as rejected that was not checked. A worker may also end without a word, or
 * never: what takes too long is given up and its worker replaced.
 */
import Tinypool from 'tinypool';
import { TelemetryKitError } from '../errors.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { Logger } from '../service/logger.js';
import type { VerifyResult } from '../wire/verify.js';
import type { VerifyKernel, VerifyWorkerData } from './verify-worker.js';

/** Checks envelopes; results in order. Rejects with `unavailable` where it could not check. */
export interface EnvelopeVerification {
  verify(envelopes: readonly Uint8Array[]): Promise<VerifyResult[]>;
}

export interface VerifyPoolOptions {
  readonly plans: readonly CompiledPlan[];
  readonly keys: readonly PublicKey[];
  readonly workers: number;
  readonly logger: Logger;
  /** Time for a task from when a worker takes it; default a minute, several times the longest one. */
  readonly taskTimeoutMillis?: number;
  /** Another module with the worker's exports; the package's own by default. */
  readonly workerFile?: URL;
}

const TRIES = 2;
const TASK_TIMEOUT_MILLIS = 60_000;

export class VerifyPool implements EnvelopeVerification {
  readonly #pool: Tinypool;
  readonly #workers: number;
  readonly #logger: Logger;
  readonly #taskTimeoutMillis: number;
  /** Tasks that no worker has taken yet, the oldest first. */
  readonly #waiting: (() => void)[] = [];
  #free: number;
  readonly #running = new Set<AbortController>();
  #closed = false;

  constructor({ plans, keys, workers, logger, workerFile, taskTimeoutMillis }: VerifyPoolOptions) {
    const workerData: VerifyWorkerData = { plans: plans.map(({ plan }) => plan), moduli: keys.map(({ n }) => n) };
    this.#workers = workers;
    this.#free = workers;
    this.#logger = logger;
    this.#taskTimeoutMillis = taskTimeoutMillis ?? TASK_TIMEOUT_MILLIS;
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
  async warmUp(): Promise<VerifyKernel[]> {
    // As many tasks at once as there are idle workers: one each.
    const warm = Array.from({ length: this.#workers }, () => this.#run(undefined, 'warmUp'));
    const [kernels] = (await Promise.all(warm)) as VerifyKernel[][];
    return kernels ?? [];
  }

  verify(envelopes: readonly Uint8Array[]): Promise<VerifyResult[]> {
    // Copies: a view would be sent together with the whole buffer it looks at.
    const task = envelopes.map((envelope) => envelope.slice());
    return this.#run(task, 'default') as Promise<VerifyResult[]>;
  }

  /** Ends the workers; tasks that wait or run are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const next of this.#waiting.splice(0)) next();
    // A worker that ended without a word would be waited for.
    for (const running of this.#running) running.abort();
    await this.#pool.destroy();
  }

  async #run(task: unknown, name: string): Promise<unknown> {
    await this.#workerFree();
    try {
      for (let tries = 1; ; tries++) {
        try {
          return await this.#runOnce(task, name);
        } catch (cause) {
          this.#logger.error({ err: cause, tries }, 'a verification worker died or took too long');
          if (tries < TRIES && !this.#closed && !isAbort(cause)) continue;
          throw unavailable(cause);
        }
      }
    } finally {
      this.#free += 1;
      this.#waiting.shift()?.();
    }
  }

  /** Its time begins when a worker takes it, not while it waits for one. */
  async #workerFree(): Promise<void> {
    while (this.#free === 0 && !this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
  }

  async #runOnce(task: unknown, name: string): Promise<unknown> {
    if (this.#closed) throw new Error('the receiver is closing');
    const running = new AbortController();
    const timer = setTimeout(() => running.abort(), this.#taskTimeoutMillis);
    this.#running.add(running);
    try {
      return await this.#pool.run(task, { name, signal: running.signal });
    } finally {
      clearTimeout(timer);
      this.#running.delete(running);
    }
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function unavailable(cause: unknown): TelemetryKitError {
  return new TelemetryKitError('unavailable', 'envelopes could not be verified', {
    fix: 'send them again; if it happens again, look for the workers that died in the log of the receiver',
    cause,
  });
}
