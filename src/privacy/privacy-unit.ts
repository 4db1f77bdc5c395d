/**
 * Whom a guarantee protects, and how far one of them can move the published integers. Neighbouring data sets differ
 * by all data of one unit, added or removed.
 */
import { assertArgument } from '../errors.js';
import { positiveInteger } from './quantity.js';

/** One event: what a single visit or request contributes. A person with m events has m times the loss. */
export interface EventUnit {
  readonly kind: 'event';
  /** Cells that one event adds to, by default 1: more where it feeds several measurements. */
  readonly cells?: number;
}

/** Everything that one user contributes in a period, bounded where it is collected. */
export interface UserPeriodUnit {
  readonly kind: 'user-period';
  /** K: cells (measurement, label set, window) that a user may add to in a period. */
  readonly cells: number;
  /** Bound of the sum of absolute values over all cells, where one is enforced. */
  readonly total?: bigint;
}

export type PrivacyUnit = EventUnit | UserPeriodUnit;

export interface Sensitivity {
  /** Largest sum of absolute changes over all cells. */
  readonly l1: bigint;
  /** Largest sum of squared changes. */
  readonly l2Squared: bigint;
}

const MAX_CELLS = 1_000_000;

/** `bound`: largest absolute value that one unit adds to one cell. Throws `invalid_argument`. */
export function sensitivityOf(unit: PrivacyUnit, bound: bigint): Sensitivity {
  const c = positiveInteger(bound, 'the bound of a cell');
  const cells = cellsOf(unit);
  const [l1, l2Squared] = [cells * c, cells * c * c];
  if (unit.kind === 'event' || unit.total === undefined) return { l1, l2Squared };
  const total = positiveInteger(unit.total, 'the bound of the total');
  return { l1: least(total, l1), l2Squared: least(c * total, l2Squared) };
}

/** K. Throws `invalid_argument` where it is not a whole number from 1 to a million. */
export function cellsOf(unit: PrivacyUnit): bigint {
  const cells = unit.cells ?? 1;
  assertArgument(
    Number.isInteger(cells) && cells >= 1 && cells <= MAX_CELLS,
    'the number of cells is not a whole number from 1 to a million',
    'declare how many cells one unit may add to',
  );
  return BigInt(cells);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
