/** Runs in a worker thread: checks envelopes. Knows plans and public keys, nothing else. */
import Tinypool from 'tinypool';
import { SERVER_COMB } from '../math/fixed-base-comb.js';
import { PublicKey } from '../paillier/public-key.js';
import { parsePlan } from '../plan/check.js';
import { systemRandom } from '../random.js';
import { compilePlan } from '../plan/compile.js';
import type { Plan } from '../plan/plan.js';
import { EnvelopeVerifier, type VerifyResult } from '../wire/verify.js';

/** Given to every worker once, when it starts. */
export interface VerifyWorkerData {
  readonly plans: readonly Plan[];
  /** Moduli of keys that the main thread has checked. */
  readonly moduli: readonly bigint[];
}

/** Which kernel verifies under a key, and why. */
export interface VerifyKernel {
  readonly kid: string;
  readonly name: string;
  readonly reason: string;
}

const { plans, moduli } = Tinypool.workerData as VerifyWorkerData;
const keys = moduli.map((modulus) => PublicKey.fromModulus(modulus, { allowTestSize: true }));
const verifier = new EnvelopeVerifier(
  plans.map((plan) => compilePlan(parsePlan(plan))),
  keys,
  SERVER_COMB,
);

/** Builds the tables, so that the first envelopes do not wait for them. */
export function warmUp(): VerifyKernel[] {
  verifier.warmUp();
  return keys.map((key) => ({ kid: key.kid, ...verifier.kernelOf(key) }));
}

/** One result per envelope, in order. Envelopes of one request, so that a bad one spoils no other's batch. */
export default function verifyAll(envelopes: readonly Uint8Array[]): VerifyResult[] {
  return verifier.verifyMany(envelopes, systemRandom);
}
