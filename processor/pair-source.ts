/**
 * Where precomputed randomness comes from: a worker thread in Node (pair-worker-client.node.ts), another
 * kind of worker elsewhere, an object in the same thread in tests.
 */
import type { PairKind } from '../src/proofs/pairs.js';

export interface PairSource {
  /**
   * `count` fresh records back to back (proofs/pairs.ts), in memory nobody else holds. Never blocks the
   * caller. Rejects where the computation died; the next call starts afresh. Nothing is computed twice.
   */
  compute(kind: PairKind, count: number): Promise<Uint8Array>;
  /** Stops; whatever was under way is thrown away, and its promise rejects. */
  close(): Promise<void>;
}
