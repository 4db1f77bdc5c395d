/** What the application's thread and the worker that computes randomness say to each other. */
import type { PairKind } from '../src/proofs/pairs.js';

export interface PairWorkerData {
  /** The public key's modulus. */
  readonly modulus: bigint;
}

export interface PairRequest {
  readonly id: number;
  readonly kind: PairKind;
  readonly count: number;
}

export interface PairReply {
  readonly id: number;
  /** Records back to back; its buffer is transferred. */
  readonly records: Uint8Array;
}
