/**
 * A position of the ledger that was seen outside of it: in the published series, or in a file on other storage. A
 * ledger that does not have it was rolled back, edited or forked, and may release again what was released already.
 */
import type { LedgerPosition } from '../wire/release.js';

/** A position that was seen outside. */
export interface SeenPosition extends LedgerPosition {
  /** A time that had come when it was seen, Unix seconds: the key holder's own clock may be behind. */
  readonly time?: number;
}

export interface AnchorSource {
  /** For logs: where it is. */
  readonly description: string;
  /**
   * The newest position that was seen; `undefined` where none was yet. Rejects with `unavailable` where that cannot
   * be found out.
   */
  read(): Promise<SeenPosition | undefined>;
  /** Keeps a newer position, durably. Left out by sources that others fill. Throws `storage`. */
  write?(head: SeenPosition): void;
}

/** Beyond any ledger: positions are not trusted to be true, only to be positions. */
const MAX_SEQUENCE = 1e15;
/** Unix seconds, of the year 10000. */
const MAX_TIME = 253_402_300_800;

/** `undefined` where it is no position at all. */
export function anchorOf(sequence: unknown, hash: unknown, seen?: unknown): SeenPosition | undefined {
  const number = typeof sequence === 'string' && /^\d{1,16}$/.test(sequence) ? Number(sequence) : sequence;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > MAX_SEQUENCE) return undefined;
  if (typeof hash !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(hash)) return undefined;
  return { sequence: number, hash, ...timeOf(seen) };
}

function timeOf(seen: unknown): Pick<SeenPosition, 'time'> {
  return typeof seen === 'number' && seen >= 0 && seen <= MAX_TIME ? { time: Math.floor(seen) } : {};
}
