/** Computes randomness in a worker thread. */
import type { PublicKey } from '../src/paillier/public-key.js';
import type { PairKind } from '../src/proofs/pairs.js';
import type { PairSource } from './pair-source.js';
import type { PairTask, PairWorkerData } from './pair-worker-messages.js';
import { WorkerClient } from './worker-client.node.js';

export class PairWorkerClient implements PairSource {
  readonly #worker: WorkerClient<PairTask, Uint8Array>;

  constructor(key: PublicKey) {
    const workerData: PairWorkerData = { modulus: key.n };
    this.#worker = new WorkerClient(
      new URL('./pair-worker.node.js', import.meta.url),
      { name: 'telemetry-kit-pairs', workerData },
      'computes randomness',
    );
  }

  compute(kind: PairKind, count: number): Promise<Uint8Array> {
    return this.#worker.request({ kind, count });
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}
