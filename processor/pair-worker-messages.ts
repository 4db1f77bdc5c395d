/** What the application's thread says to the worker that computes randomness; records back to back are the answer. */
import type { PairKind } from '../src/proofs/pairs.js';

export interface PairWorkerData {
  /** The public key's modulus. */
  readonly modulus: bigint;
}

export interface PairTask {
  readonly kind: PairKind;
  readonly count: number;
}
