/**
 * `telemetry-kit/contributions/file`: contributions counted in a file, so that a restart goes on counting. For one
 * process at a time; the file is written by a worker thread, and nothing waits for the disk on the application's.
 */
import { assertArgument, TelemetryKitError } from '../src/errors.js';
import type { FileAnswer, FileTask, FileWorkerData } from './contribution-file-messages.js';
import type { BudgetPeriod, ContributionStore, CounterRequest, OpenedPeriod } from './contribution-store.js';
import { keepAliveUntil } from './keep-alive.js';
import { logWarning } from './log.js';
import { WorkerClient } from './worker-client.node.js';

export interface ContributionFileOptions {
  /** On a local disk that outlives the process, in a folder that is there: locks of network disks cannot be trusted. */
  readonly path: string;
}

export class ContributionFile implements ContributionStore {
  readonly #path: string;
  readonly #worker: WorkerClient<FileTask, FileAnswer>;

  /**
   * Starts to open the file. One that is missing or damaged is begun anew, and then every subject counts as absent
   * until the next budget period, with a warning: nobody knows what was counted in it. An application that has never
   * counted makes its file with `createContributionFile` first. Throws `invalid_argument` for an empty path.
   */
  constructor({ path }: ContributionFileOptions) {
    this.#path = path;
    this.#worker = startWorker(path);
    // Whoever wants to know asks ready().
    this.#perform({ do: 'open' }).catch(() => undefined);
  }

  /**
   * Resolves once the file is open. Rejects with `already_running` where another process has it, with `storage` where
   * it cannot be used; it is tried again with every visit, and until it succeeds all of them count as absent.
   */
  async ready(): Promise<void> {
    await keepAliveUntil(this.#perform({ do: 'open' }));
  }

  async openPeriod(period: BudgetPeriod): Promise<OpenedPeriod> {
    const { opened } = await this.#perform({ do: 'open-period', period });
    return opened ?? { silent: 'lost' };
  }

  async reserve(period: BudgetPeriod, requests: readonly CounterRequest[]): Promise<readonly number[]> {
    const { granted } = await this.#perform({ do: 'reserve', period, requests });
    return granted ?? [];
  }

  /** Gives the file back. Call it after the processor's shutdown; later visits count as absent. */
  async close(): Promise<void> {
    await keepAliveUntil(this.#perform({ do: 'close' }).finally(() => this.#worker.close()));
  }

  async #perform(task: FileTask): Promise<FileAnswer> {
    const answer = await this.#worker.request(task);
    if (answer.failure !== undefined) throw asError(answer.failure);
    if (answer.condition === 'missing' || answer.condition === 'corrupt') this.#warn(answer.condition);
    return answer;
  }

  #warn(condition: 'missing' | 'corrupt'): void {
    const what = condition === 'missing' ? 'is missing' : `is damaged, and was moved to ${this.#path}.corrupt`;
    logWarning(`the contribution file ${this.#path} ${what}; it begins anew, with every subject absent until then`);
  }
}

/**
 * Makes the file of an application that has never counted contributions: its subjects count at once. Once, by hand or
 * by a script, never at every start: a file that got lost would begin at 0 without anybody knowing. Rejects with
 * `invalid_argument` where there is a file, `already_running` where a process has it, `storage` where it cannot be
 * written.
 */
export async function createContributionFile(path: string): Promise<void> {
  const worker = startWorker(path);
  try {
    const { failure } = await keepAliveUntil(worker.request({ do: 'create' }));
    if (failure !== undefined) throw asError(failure);
  } finally {
    await worker.close();
  }
}

function startWorker(path: string): WorkerClient<FileTask, FileAnswer> {
  assertArgument(path !== '', 'the path of the contribution file is empty', 'pass the path of a file');
  const workerData: FileWorkerData = { path };
  return new WorkerClient(
    new URL('./contribution-file-worker.node.js', import.meta.url),
    { name: 'telemetry-kit-contributions', workerData },
    'keeps the contribution file',
  );
}

function asError({ code, message, fix }: NonNullable<FileAnswer['failure']>): TelemetryKitError {
  return new TelemetryKitError(code, message, { fix });
}
