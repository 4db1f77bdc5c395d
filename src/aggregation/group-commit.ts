/**
 * One transaction for all that arrived meanwhile: making it durable costs the same for one contribution as for a
 * thousand. Nobody waits for a timer: the queue is committed as soon as the event loop gets to it, one group after
 * the other.
 */
import { setImmediate } from 'node:timers/promises';

interface Waiting<Item, Outcome> {
  readonly items: readonly Item[];
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<Item, Outcome> {
  readonly #commit: (items: readonly Item[]) => Promise<Outcome[]>;
  readonly #maxItems: number;
  #waiting: Waiting<Item, Outcome>[] = [];
  #running = false;

  /** @param commit all or nothing; one outcome per item, in order. @param maxItems bounds one transaction. */
  constructor(commit: (items: readonly Item[]) => Promise<Outcome[]>, maxItems: number) {
    this.#commit = commit;
    this.#maxItems = maxItems;
  }

  /** Resolves once the items are committed, rejects where the transaction that held them failed. */
  submit(items: readonly Item[]): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /** Resolves when everything that waits now is committed, or has failed. */
  async flush(): Promise<void> {
    if (this.#running) await this.submit([]).catch(() => undefined);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await setImmediate();
      await this.#commitGroup(this.#takeGroup());
    }
    this.#running = false;
  }

  async #commitGroup(group: readonly Waiting<Item, Outcome>[]): Promise<void> {
    try {
      const items = group.flatMap((waiting) => waiting.items);
      const outcomes = items.length === 0 ? [] : await this.#commit(items);
      let next = 0;
      for (const { items: own, resolve } of group) resolve(outcomes.slice(next, (next += own.length)));
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
