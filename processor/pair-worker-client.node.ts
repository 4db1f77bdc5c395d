/**
 * Computes randomness in a worker thread. A thread that dies takes what it was computing with it; the next
 * request starts another. The thread never keeps the application alive.
 */
import { Worker } from 'node:worker_threads';
import { TelemetryKitError } from '../src/errors.js';
import type { PublicKey } from '../src/paillier/public-key.js';
import type { PairKind } from '../src/proofs/pairs.js';
import type { PairSource } from './pair-source.js';
import type { PairReply, PairRequest, PairWorkerData } from './pair-worker-messages.js';

interface PendingRequest {
  readonly resolve: (records: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** One thread and the requests it has not answered. */
interface WorkerSession {
  readonly worker: Worker;
  readonly pending: Map<number, PendingRequest>;
}

export class PairWorkerClient implements PairSource {
  readonly #modulus: bigint;
  #session: WorkerSession | undefined;
  #lastId = 0;
  #closed = false;

  constructor(key: PublicKey) {
    this.#modulus = key.n;
  }

  compute(kind: PairKind, count: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw ended('is closed');
      this.#session ??= this.#start();
      const request: PairRequest = { id: (this.#lastId += 1), kind, count };
      this.#session.pending.set(request.id, { resolve, reject });
      this.#session.worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#session?.worker.terminate();
  }

  #start(): WorkerSession {
    const session: WorkerSession = { worker: startWorker({ modulus: this.#modulus }), pending: new Map() };
    session.worker.on('message', ({ id, records }: PairReply) => {
      session.pending.get(id)?.resolve(records);
      session.pending.delete(id);
    });
    session.worker.on('error', (error) => this.#end(session, error));
    session.worker.on('exit', () => this.#end(session, ended('ended')));
    session.worker.unref();
    return session;
  }

  #end(session: WorkerSession, error: Error): void {
    if (this.#session === session) this.#session = undefined;
    for (const { reject } of session.pending.values()) reject(error);
    session.pending.clear();
  }
}

/**
 * With no arguments and no environment of its own: a `--import` that instruments the application would
 * otherwise instrument the worker as well, which would start a worker, and so on.
 */
function startWorker(workerData: PairWorkerData): Worker {
  return new Worker(new URL('./pair-worker.node.js', import.meta.url), {
    name: 'telemetry-kit-pairs',
    workerData,
    execArgv: [],
    env: {},
  });
}

function ended(how: string): TelemetryKitError {
  return new TelemetryKitError('unavailable', `the worker that computes randomness ${how}`, {
    fix: 'nothing: another one is started unless the processor was shut down',
  });
}
