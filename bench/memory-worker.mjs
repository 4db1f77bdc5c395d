// @ts-check
/** One thread that computes randomness or verifies, as those of a processor or a receiver do, and says what it holds. */
import { parentPort, workerData } from 'node:worker_threads';
import { SERVER_COMB } from '../dist/src/math/comb-layout.js';
import { createGroupKernel } from '../dist/src/math/group-kernel.js';
import { PublicKey } from '../dist/src/paillier/public-key.js';
import { BatchVerifier } from '../dist/src/proofs/batch-verify.js';
import { PairComputer } from '../dist/src/proofs/pairs.js';
import { systemRandom } from '../dist/src/random.js';
import { EnvelopeVerifier } from '../dist/src/wire/verify.js';
import { FLAG, makePlan } from './keys.mjs';

const ROUNDS = 20;
/** Records the pool asks for at once. */
const CHUNK = 32;

/** @type {{ task: 'pool' | 'verify', modulus: bigint, envelopes: Uint8Array[] }} */
const { task, modulus, envelopes } = workerData;
const key = PublicKey.fromModulus(modulus);
const work = task === 'pool' ? computing() : verifying();
let most = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  work();
  // Garbage that has not been collected included: what the thread takes.
  most = Math.max(most, process.memoryUsage().heapUsed);
}
parentPort?.postMessage({ heap: most, tables: tableBytes() });

function computing() {
  const computer = new PairComputer(key, SERVER_COMB);
  return () => {
    computer.compute('obfuscator', CHUNK, systemRandom);
    computer.compute('mask', CHUNK, systemRandom);
  };
}

function verifying() {
  const verifier = new EnvelopeVerifier([makePlan(key.kid, [FLAG])], [key], SERVER_COMB);
  verifier.warmUp();
  return () => {
    if (verifier.verifyMany(envelopes, systemRandom).some(({ ok }) => !ok)) throw new Error('not verified');
  };
}

/** Of the same tables, made once more with a kernel that counts. */
function tableBytes() {
  let bytes = 0;
  const kernel = createGroupKernel(key.n);
  /** @type {import('../dist/src/math/group-kernel.js').GroupKernel} */
  const counting = {
    name: kernel.name,
    reason: kernel.reason,
    multiPower: (terms) => kernel.multiPower(terms),
    powersOf: (base, exponents) => kernel.powersOf(base, exponents),
    fixedBase: (base, bits, shape) => {
      const fixed = kernel.fixedBase(base, bits, shape);
      bytes += fixed.tableBytes;
      return fixed;
    },
  };
  if (task === 'pool') new PairComputer(key, SERVER_COMB, counting);
  else new BatchVerifier(key, counting, nothingFails, SERVER_COMB);
  return bytes;
}

/** @returns {never} */
function nothingFails() {
  throw new Error('no envelope is bad here');
}
