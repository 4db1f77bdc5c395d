/**
 * A bounded amount of something held at one moment: whoever needs room takes it before working and gives it
 * back afterwards. What is larger than the bound is let in when it is alone, else it could never be served.
 */

export class Capacity {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** False, and nothing taken, where there is no room. */
  tryTake(amount: number): boolean {
    return this.tryGrow(0, amount);
  }

  /** Takes more for somebody who holds `held` already. */
  tryGrow(held: number, wanted: number): boolean {
    const others = this.#used - held;
    if (others > 0 && others + wanted > this.#limit) return false;
    this.#used = others + wanted;
    return true;
  }

  give(amount: number): void {
    this.#used -= amount;
  }
}
