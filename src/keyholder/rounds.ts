/**
 * Handles requests in rounds: all that wait are taken together, up to a weight, so that they share the fsyncs of a
 * round. Rounds follow each other; nothing happens at the same time as another round.
 */

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface RoundOptions<Request, Answer> {
  /** One answer per request, in order; where it rejects, every request of the round does. */
  readonly handle: (requests: readonly Request[]) => Promise<readonly Answer[]>;
  readonly weightOf: (request: Request) => number;
  /** A round takes more only where a single request weighs more. */
  readonly maxWeight: number;
  /** Runs after each round, when its answers are on their way. Must not reject. */
  readonly between: () => Promise<void>;
}

export class Rounds<Request, Answer> {
  readonly #options: RoundOptions<Request, Answer>;
  readonly #waiting: Waiting<Request, Answer>[] = [];
  readonly #actions: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: RoundOptions<Request, Answer>) {
    this.#options = options;
  }

  submit(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Does something else while no round is handled; before the requests that wait. */
  exclusively<Result>(action: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      this.#actions.push(() => {
        // A promise of its own, so that what the action throws rejects it.
        resolve(
          new Promise((settle) => {
            settle(action());
          }),
        );
      });
      this.#running ??= this.#run();
    });
  }

  /** Resolves once nothing waits or runs. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever asks in the same turn of the event loop is in the first round.
    await Promise.resolve();
    while (this.#actions.length + this.#waiting.length > 0) {
      for (const action of this.#actions.splice(0)) action();
      if (this.#waiting.length === 0) continue;
      await this.#handle(this.#takeRound());
      await this.#options.between();
    }
    this.#running = undefined;
  }

  async #handle(round: readonly Waiting<Request, Answer>[]): Promise<void> {
    try {
      const answers = await this.#options.handle(round.map(({ request }) => request));
      round.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error('a request of the round was not answered'));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of round) reject(error);
    }
  }

  #takeRound(): Waiting<Request, Answer>[] {
    const { weightOf, maxWeight } = this.#options;
    let weight = 0;
    const end = this.#waiting.findIndex(({ request }, index) => (weight += weightOf(request)) > maxWeight && index > 0);
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }
}
