/** A real ledger whose process dies at one step: before the entries of a state are on disk, or right after. */
import type { EntryBody, EntryState } from '../../src/keyholder/ledger-entry.js';
import type { LedgerRecord, ReleaseLedger } from '../../src/keyholder/ledger-record.js';
import type { CellIdentity } from '../../src/keyholder/release-id.js';
import type { Rational } from '../../src/math/rational.js';
import type { Period } from '../../src/plan/plan.js';
import type { LedgerPosition } from '../../src/wire/release.js';

export interface CrashPoint {
  readonly moment: 'before' | 'after';
  readonly state: EntryState;
}

export const CRASH_POINTS: readonly CrashPoint[] = (['RESERVED', 'SEALED', 'PUBLISHED'] as const).flatMap((state) =>
  (['before', 'after'] as const).map((moment) => ({ moment, state })),
);

export class Crash extends Error {}

export class CrashingLedger implements ReleaseLedger {
  readonly #inner: ReleaseLedger;
  readonly #point: CrashPoint;
  #dead = false;

  constructor(inner: ReleaseLedger, point: CrashPoint) {
    this.#inner = inner;
    this.#point = point;
  }

  get head(): LedgerPosition {
    return this.#inner.head;
  }

  get usable(): boolean {
    return this.#inner.usable;
  }

  find(cell: CellIdentity): LedgerRecord | undefined {
    this.#assertAlive();
    return this.#inner.find(cell);
  }

  spent(domain: string, period: Period, periodStart: number): Rational {
    return this.#inner.spent(domain, period, periodStart);
  }

  append(entries: readonly EntryBody[]): readonly LedgerPosition[] {
    this.#assertAlive();
    const reached = entries.some(({ state }) => state === this.#point.state);
    if (reached && this.#point.moment === 'before') this.#die();
    const positions = this.#inner.append(entries);
    if (reached) this.#die();
    return positions;
  }

  #die(): never {
    this.#dead = true;
    throw new Crash('the process died here');
  }

  #assertAlive(): void {
    if (this.#dead) throw new Crash('the process is dead');
  }
}
