/**
 * Spans that wait for randomness, in the order they ended. Bounded: a full queue refuses the newest, so that
 * spans which have waited longest are not lost, and memory stays within `limit` spans.
 */
interface Waiter {
  /** Position of the first entry that need not have left. */
  readonly position: number;
  readonly resolve: () => void;
}

export class SealingQueue<Entry> {
  readonly #limit: number;
  #entries: Entry[] = [];
  /** Entries that have ever left. */
  #left = 0;
  #waiters: Waiter[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Position of the first entry. */
  get start(): number {
    return this.#left;
  }

  /** Position the next entry will have: everything now in the queue stands before it. */
  get end(): number {
    return this.#left + this.#entries.length;
  }

  /** False where the queue is full: the entry was not taken. */
  push(entry: Entry): boolean {
    if (this.#entries.length >= this.#limit) return false;
    this.#entries.push(entry);
    return true;
  }

  first(): Entry | undefined {
    return this.#entries[0];
  }

  shift(): Entry | undefined {
    const entry = this.#entries.shift();
    if (entry !== undefined) this.#left += 1;
    return entry;
  }

  /** Takes everything that stands before `position`. */
  takeUntil(position: number): Entry[] {
    const entries = this.#entries.splice(0, Math.max(0, position - this.#left));
    this.#left += entries.length;
    return entries;
  }

  /** Wakes those who wait; call after entries that left have been handed on. */
  notify(): void {
    const reached = this.#waiters.filter(({ position }) => position <= this.#left);
    this.#waiters = this.#waiters.filter(({ position }) => position > this.#left);
    for (const { resolve } of reached) resolve();
  }

  /** Resolves once everything before `position` has left and been handed on. */
  whenReached(position: number): Promise<void> {
    if (position <= this.#left) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ position, resolve }));
  }
}
