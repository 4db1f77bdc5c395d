// @ts-check
/** What must be undone before the demo ends, however it ends; the last thing made is undone first. */

/** @typedef {() => void | Promise<void>} Task */

export class Cleanup {
  /** @type {Task[]} */
  #tasks = [];

  /** @param {Task} task must not fail */
  add(task) {
    this.#tasks.push(task);
  }

  async run() {
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) await task();
  }
}
