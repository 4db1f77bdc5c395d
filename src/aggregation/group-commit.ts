/**
 * One transaction for all that arrived meanwhile: a full fsync costs the same for one contribution as for a
 * thousand. Nobody waits for a timer: the queue is committed as soon as the event loop gets to it.
 */

interface Waiting<Item, Outcome> {
  readonly items: readonly Item[];
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<Item, Outcome> {
  readonly #commit: (items: readonly Item[]) => Outcome[];
  readonly #maxItems: number;
  #waiting: Waiting<Item, Outcome>[] = [];
  #scheduled = false;

  /** @param commit all or nothing; one outcome per item, in order. @param maxItems bounds one transaction. */
  constructor(commit: (items: readonly Item[]) => Outcome[], maxItems: number) {
    this.#commit = commit;
    this.#maxItems = maxItems;
  }

  /** Resolves once the items are committed, rejects where the transaction that held them failed. */
  submit(items: readonly Item[]): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject });
      this.#schedule();
    });
  }

  /** Commits everything that waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#commitGroup();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitGroup();
      this.#schedule();
    });
  }

  #commitGroup(): void {
    const group = this.#takeGroup();
    if (group.length === 0) return;
    try {
      const outcomes = this.#commit(group.flatMap(({ items }) => items));
      let next = 0;
      for (const { items, resolve } of group) resolve(outcomes.slice(next, (next += items.length)));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** From the front of the queue, whole submissions, at least one. */
  #takeGroup(): Waiting<Item, Outcome>[] {
    let size = 0;
    const end = this.#waiting.findIndex(({ items }, index) => (size += items.length) > this.#maxItems && index > 0);
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }
}
