/** When to try again: after 1, 2, 4, ... seconds, at most a minute, on the caller's clock. */

const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 60;

export class Backoff {
  #waitSeconds = 0;
  #notBefore = -Infinity;

  isOver(now: number): boolean {
    return now >= this.#notBefore;
  }

  /** Notes a failure; returns how long to wait now. */
  fail(now: number): number {
    this.#waitSeconds =
      this.#waitSeconds === 0 ? FIRST_WAIT_SECONDS : Math.min(LONGEST_WAIT_SECONDS, 2 * this.#waitSeconds);
    this.#notBefore = now + this.#waitSeconds;
    return this.#waitSeconds;
  }
}
