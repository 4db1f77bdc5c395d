/**
 * A position of the ledger that was seen outside of it: in the published series, or in a file on other storage. A
 * ledger that does not have it was rolled back, edited or forked, and may release again what was released already.
 */
import type { LedgerPosition } from '../wire/release.js';

export interface AnchorSource {
  /** For logs: where it is. */
  readonly description: string;
  /**
   * The newest position that was seen; `undefined` where none was yet. Rejects with `unavailable` where that cannot
   * be found out.
   */
  read(): Promise<LedgerPosition | undefined>;
  /** Keeps a newer position, durably. Left out by sources that others fill. Throws `storage`. */
  write?(head: LedgerPosition): void;
}

/** Beyond any ledger: positions are not trusted to be true, only to be positions. */
const MAX_SEQUENCE = 1e15;

/** `undefined` where it is no position at all. */
export function anchorOf(sequence: unknown, hash: unknown): LedgerPosition | undefined {
  const number = typeof sequence === 'string' && /^\d{1,16}$/.test(sequence) ? Number(sequence) : sequence;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > MAX_SEQUENCE) return undefined;
  return typeof hash === 'string' && /^[A-Za-z0-9_-]{43}$/.test(hash) ? { sequence: number, hash } : undefined;
}
