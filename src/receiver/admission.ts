/**
 * How many envelopes are taken on at a time: a whole request is admitted or refused before any work is done. A source
 * whose proofs fail gets a small share of the room, so that its slow turns leave the rest to others.
 */
import { Capacity } from './capacity.js';
import { busy } from './failure.js';
import type { ReceiverLimits } from './limits.js';

/** Part of the room for one suspect source. */
const SUSPECT_SHARE = 1 / 8;

export class Admission {
  readonly #envelopes: Capacity;
  readonly #bytes: Capacity;
  readonly #suspectEnvelopes: number;
  readonly #suspectBytes: number;
  /** Of the sources that have something admitted. */
  readonly #held = new Map<string, { readonly envelopes: number; readonly bytes: number }>();

  constructor({ maxQueuedEnvelopes, maxQueuedBytes }: Pick<ReceiverLimits, 'maxQueuedEnvelopes' | 'maxQueuedBytes'>) {
    this.#envelopes = new Capacity(maxQueuedEnvelopes);
    this.#bytes = new Capacity(maxQueuedBytes);
    this.#suspectEnvelopes = maxQueuedEnvelopes * SUSPECT_SHARE;
    this.#suspectBytes = maxQueuedBytes * SUSPECT_SHARE;
  }

  /** Envelopes admitted and not yet answered. */
  get envelopes(): number {
    return this.#envelopes.used;
  }

  /**
   * Takes room for all of a request; returns how to give it back. Throws `unavailable` where there is none, for a
   * suspect source also where it has its share. Alone, a request of any size is let in, else it could never be served.
   */
  admit(envelopes: readonly string[], source: string, suspect: boolean): () => void {
    const count = envelopes.length;
    const bytes = envelopes.reduce((sum, { length }) => sum + length, 0);
    if (suspect && this.#exceedsShare(source, count, bytes)) throw busy();
    if (!this.#envelopes.tryTake(count)) throw busy();
    if (!this.#bytes.tryTake(bytes)) {
      this.#envelopes.give(count);
      throw busy();
    }
    this.#change(source, count, bytes);
    return () => {
      this.#envelopes.give(count);
      this.#bytes.give(bytes);
      this.#change(source, -count, -bytes);
    };
  }

  #exceedsShare(source: string, count: number, bytes: number): boolean {
    const held = this.#held.get(source);
    if (held === undefined) return false;
    return held.envelopes + count > this.#suspectEnvelopes || held.bytes + bytes > this.#suspectBytes;
  }

  #change(source: string, count: number, bytes: number): void {
    const held = this.#held.get(source) ?? { envelopes: 0, bytes: 0 };
    const envelopes = held.envelopes + count;
    if (envelopes === 0) this.#held.delete(source);
    else this.#held.set(source, { envelopes, bytes: held.bytes + bytes });
  }
}
