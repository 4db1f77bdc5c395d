/**
 * The receiver's clockwork: on every whole second it marks that the receiver is up, publishes what is due, closes
 * windows whose grace is over and asks the key holder for those that are closed. Publication happens on these ticks
 * only, and no tick waits for what an earlier one began, so its time says nothing about how long anything took.
 */
import type { Store } from '../aggregation/store.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../service/logger.js';
import type { Releaser } from './releaser.js';
import type { WindowCloser } from './window-closer.js';

export interface ReleaseSchedulerOptions {
  readonly store: Store;
  readonly closer: WindowCloser;
  readonly releaser: Releaser;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after windows became visible to readers. */
  readonly onPublished: () => void;
  /** How long published windows are kept. */
  readonly retentionSeconds: number;
}

/** How often the store is told that the receiver is up. */
const ALIVE_SECONDS = 5;
/** Sweeps in one tick: bounds how long it holds up others. */
const SWEEPS = 20;

export class ReleaseScheduler {
  readonly #options: ReleaseSchedulerOptions;
  #timer: NodeJS.Timeout | undefined;
  #markedAlive = -Infinity;
  #closing: Promise<void> | undefined;
  #releasing: Promise<void> | undefined;
  /** The last tick; all that earlier ones still wait for it waits for too. */
  #ticking: Promise<void> | undefined;
  #closed = false;

  constructor(options: ReleaseSchedulerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#ticking = this.tick();
      this.start();
    }, this.#untilNextSecond());
  }

  /**
   * Everything that is due now. Never rejects: what fails is logged and tried again at the next tick. Of windows that
   * are still being closed it only awaits the end.
   */
  async tick(): Promise<void> {
    const now = this.#options.clock() / 1000;
    await this.#attempt('marking that the receiver is up', () => this.#markAlive(now));
    await this.#attempt('publishing', () => this.#publish(now));
    this.#closing ??= this.#closeWindows(now).then(() => {
      this.#closing = undefined;
    });
    await this.#closing;
    // Not awaited here: a key holder that does not answer must not hold up publication.
    this.#releasing ??= this.#attempt('releasing', () => this.#options.releaser.releasePending(now)).then(() => {
      this.#releasing = undefined;
    });
  }

  /** Resolves when no release is under way. */
  async settled(): Promise<void> {
    await this.#releasing;
  }

  /** Stops the clockwork; resolves when nothing of it touches the store any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#options.releaser.close();
    await this.#ticking;
    await this.#releasing;
  }

  async #markAlive(now: number): Promise<void> {
    if (now - this.#markedAlive < ALIVE_SECONDS) return;
    await this.#options.store.markAlive(now);
    this.#markedAlive = now;
  }

  async #closeWindows(now: number): Promise<void> {
    await this.#attempt('closing windows', () => this.#options.closer.closeDue(now));
    await this.#attempt('cleaning up', () => this.#sweep(now));
  }

  async #publish(now: number): Promise<void> {
    const { store, onPublished } = this.#options;
    if ((await store.publishDue(now)).length > 0) onPublished();
  }

  async #sweep(now: number): Promise<void> {
    const { store, retentionSeconds } = this.#options;
    for (let sweeps = 0; sweeps < SWEEPS; sweeps++) {
      if (!(await store.sweep(now - retentionSeconds))) return;
    }
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#closed) this.#options.logger.error({ err: error }, `${what} failed; trying again`);
    }
  }

  /** A millisecond over: timers may fire that much early, and the second would not have come. */
  #untilNextSecond(): number {
    return 1001 - (this.#options.clock() % 1000);
  }
}
