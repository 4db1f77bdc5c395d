/**
 * One thing at a time for each source: what a source has running in parallel waits for its turn, in the order in which
 * it came, and nobody else waits for it. Knows only sources that have something running.
 */
export class SourceTurns {
  readonly #last = new Map<string, Promise<void>>();

  /** Begins when everything of this source that came before has ended, well or badly. */
  async take<Result>(source: string, work: () => Promise<Result>): Promise<Result> {
    const running = (this.#last.get(source) ?? Promise.resolve()).then(work);
    const ended = running.then(ignore, ignore);
    this.#last.set(source, ended);
    try {
      return await running;
    } finally {
      if (this.#last.get(source) === ended) this.#last.delete(source);
    }
  }
}

function ignore(): void {
  // Whoever waits for a turn is not told how the one before went.
}
