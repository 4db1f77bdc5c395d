/** A real ledger whose process dies at one step: before the entries of a state are on disk, or right after. */
import type { EntryBody, EntryState } from '../../src/keyholder/ledger-entry.js';
import type { LedgerRecord, ReleaseLedger } from '../../src/keyholder/ledger-record.js';
import type { Refusal } from '../../src/keyholder/refusal-log.js';
import type { CellIdentity } from '../../src/keyholder/release-id.js';
import type { LedgerPosition } from '../../src/wire/release.js';

export interface CrashPoint {
  readonly moment: 'before' | 'after';
  readonly state: EntryState;
}

export const CRASH_POINTS: readonly CrashPoint[] = (['RESERVED', 'SEALED', 'PUBLISHED'] as const).flatMap((state) =>
  (['before', 'after'] as const).map((moment) => ({ moment, state })),
);

export class Crash extends Error {}

/** The states of a release that a commit makes durable; a period's reservation comes with the first release. */
export class CrashingLedger implements ReleaseLedger {
  readonly #inner: ReleaseLedger;
  readonly #point: CrashPoint;
  #dead = false;
  #reached = false;

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

  get state(): ReleaseLedger['state'] {
    return this.#inner.state;
  }

  find(cell: CellIdentity): LedgerRecord | undefined {
    this.#assertAlive();
    return this.#inner.find(cell);
  }

  append(entries: readonly EntryBody[]): readonly LedgerPosition[] {
    this.#assertAlive();
    this.#reached ||= entries.some(({ state }) => state === this.#point.state);
    return this.#inner.append(entries);
  }

  refuse(refusals: readonly Refusal[]): void {
    this.#assertAlive();
    this.#inner.refuse(refusals);
  }

  commit(): void {
    this.#assertAlive();
    if (this.#reached && this.#point.moment === 'before') this.#die();
    this.#inner.commit();
    if (this.#reached) this.#die();
  }

  #die(): never {
    this.#dead = true;
    throw new Crash('the process died here');
  }

  #assertAlive(): void {
    if (this.#dead) throw new Crash('the process is dead');
  }
}
