/**
 * Asks a worker thread and matches its answers. A thread that dies takes what it was asked with it; the next request
 * starts another. The thread never keeps the application alive.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { TelemetryKitError } from '../src/errors.js';

export interface WorkerRequest<Asked> {
  readonly id: number;
  readonly asked: Asked;
}

export interface WorkerReply<Answer> {
  readonly id: number;
  readonly answer: Answer;
}

interface PendingRequest<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** One thread and the requests it has not answered. */
interface WorkerSession<Answer> {
  readonly worker: Worker;
  readonly pending: Map<number, PendingRequest<Answer>>;
}

export class WorkerClient<Asked, Answer> {
  readonly #script: URL;
  readonly #options: WorkerOptions;
  /** What the worker does, in errors. */
  readonly #task: string;
  #session: WorkerSession<Answer> | undefined;
  #lastId = 0;
  #closed = false;

  constructor(script: URL, options: Pick<WorkerOptions, 'name' | 'workerData'>, task: string) {
    this.#script = script;
    // With no arguments and no environment of its own: a `--import` that instruments the application would
    // otherwise instrument the worker as well, which would start a worker, and so on.
    this.#options = { ...options, execArgv: [], env: {} };
    this.#task = task;
  }

  /** Rejects with `unavailable` where the thread dies or is closed first. */
  request(asked: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw this.#ended('is closed');
      this.#session ??= this.#start();
      const request: WorkerRequest<Asked> = { id: (this.#lastId += 1), asked };
      this.#session.pending.set(request.id, { resolve, reject });
      this.#session.worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#session?.worker.terminate();
  }

  #start(): WorkerSession<Answer> {
    const session: WorkerSession<Answer> = {
      worker: new Worker(this.#script, this.#options),
      pending: new Map(),
    };
    session.worker.on('message', ({ id, answer }: WorkerReply<Answer>) => {
      session.pending.get(id)?.resolve(answer);
      session.pending.delete(id);
    });
    session.worker.on('error', (error: Error) => this.#end(session, error));
    session.worker.on('exit', () => this.#end(session, this.#ended('ended')));
    session.worker.unref();
    return session;
  }

  #end(session: WorkerSession<Answer>, error: Error): void {
    if (this.#session === session) this.#session = undefined;
    for (const { reject } of session.pending.values()) reject(error);
    session.pending.clear();
  }

  #ended(how: string): TelemetryKitError {
    return new TelemetryKitError('unavailable', `the worker that ${this.#task} ${how}`, {
      fix: 'nothing: another one is started unless it was shut down',
    });
  }
}
