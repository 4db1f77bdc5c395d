/**
 * The clock that all receivers of one store go by: this receiver's own, set by the store's from time to time, so that
 * a window is closed by none while another still takes contributions to it.
 */
import type { Store } from '../aggregation/store.js';
import type { Clock } from '../clock.js';

const ADJUST_MILLIS = 10_000;

export class AgreedClock {
  readonly #store: Pick<Store, 'time'>;
  readonly #own: Clock;
  #aheadMillis = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(store: Pick<Store, 'time'>, own: Clock) {
    this.#store = store;
    this.#own = own;
  }

  /** Rejects with `storage` where the store fails. */
  static async start(store: Pick<Store, 'time'>, own: Clock): Promise<AgreedClock> {
    const clock = new AgreedClock(store, own);
    await clock.#adjust();
    // A store that fails later leaves the clock as it was.
    clock.#timer = setInterval(() => void clock.#adjust().catch(() => undefined), ADJUST_MILLIS);
    clock.#timer.unref();
    return clock;
  }

  /** Milliseconds since the Unix epoch. */
  readonly now: Clock = () => this.#own() + this.#aheadMillis;

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The store is asked in the middle of the time that asking takes. */
  async #adjust(): Promise<void> {
    const before = this.#own();
    const theirs = await this.#store.time();
    if (theirs === undefined) return;
    const waited = this.#own() - before;
    this.#aheadMillis = theirs * 1000 - before - waited / 2;
  }
}
