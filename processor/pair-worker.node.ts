/**
 * Worker thread: computes randomness and transfers it, so that only the receiver holds it afterwards.
 * Anything that goes wrong ends the thread; the client starts another.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SERVER_COMB } from '../src/math/fixed-base-comb.js';
import { PublicKey } from '../src/paillier/public-key.js';
import { PairComputer } from '../src/proofs/pairs.js';
import { systemRandom } from '../src/random.js';
import type { PairTask, PairWorkerData } from './pair-worker-messages.js';
import type { WorkerReply, WorkerRequest } from './worker-client.node.js';

const { modulus } = workerData as PairWorkerData;
// The size was checked where the key was loaded; here it only has to be the same key.
const computer = new PairComputer(PublicKey.fromModulus(modulus, { allowTestSize: true }), SERVER_COMB);

parentPort?.on('message', ({ id, asked: { kind, count } }: WorkerRequest<PairTask>) => {
  const reply: WorkerReply<Uint8Array> = { id, answer: computer.compute(kind, count, systemRandom) };
  parentPort?.postMessage(reply, [reply.answer.buffer as ArrayBuffer]);
});
