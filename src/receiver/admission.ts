/** How many envelopes are taken on at a time: a whole request is admitted or refused before any work is done. */
import { Capacity } from './capacity.js';
import { busy } from './failure.js';
import type { ReceiverLimits } from './limits.js';

export class Admission {
  readonly #envelopes: Capacity;
  readonly #bytes: Capacity;

  constructor(limits: Pick<ReceiverLimits, 'maxQueuedEnvelopes' | 'maxQueuedBytes'>) {
    this.#envelopes = new Capacity(limits.maxQueuedEnvelopes);
    this.#bytes = new Capacity(limits.maxQueuedBytes);
  }

  /** Envelopes admitted and not yet answered. */
  get envelopes(): number {
    return this.#envelopes.used;
  }

  /** Takes room for all of a request; returns how to give it back. Throws `unavailable` where there is none. */
  admit(envelopes: readonly string[]): () => void {
    const count = envelopes.length;
    const bytes = envelopes.reduce((sum, { length }) => sum + length, 0);
    if (!this.#envelopes.tryTake(count)) throw busy();
    if (!this.#bytes.tryTake(bytes)) {
      this.#envelopes.give(count);
      throw busy();
    }
    return () => {
      this.#envelopes.give(count);
      this.#bytes.give(bytes);
    };
  }
}
