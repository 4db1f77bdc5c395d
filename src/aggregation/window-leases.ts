/** Who works on a window. */
import type { SqlTransaction } from './sql-database.js';
import type { WindowKey } from './store.js';

export interface WindowLeases {
  /**
   * Runs the work where `isReady` says that there is some and nobody else is at it; `undefined` otherwise.
   */
  exclusively<Result>(
    window: WindowKey,
    isReady: (tx: SqlTransaction) => Promise<boolean>,
    work: () => Promise<Result>,
  ): Promise<Result | undefined>;
  /** Throws `unavailable` where somebody else may work on the window meanwhile; holds that off until the end. */
  assertHeld(tx: SqlTransaction, window: WindowKey): Promise<void>;
}

export function leaseName({ planHash, report, windowStart }: WindowKey): string {
  return [planHash, report, windowStart].join(' ');
}
