/**
 * Runs a sampler through every sequence of its random choices, heaviest first, until the mass of the
 * sequences not yet followed to their end is below `tolerance`. What comes out is exact: the probability of
 * an outcome lies in [mass, mass + open].
 */
export interface Enumeration<Outcome> {
  readonly mass: ReadonlyMap<Outcome, number>;
  /** Probability of everything not followed to its end. */
  readonly open: number;
}

/** Asks for one of several outcomes; `weights` sum to one. */
export type Choose = (weights: readonly number[]) => number;

class Undecided extends Error {
  readonly weights: readonly number[];

  constructor(weights: readonly number[]) {
    super('undecided');
    this.weights = weights;
  }
}

interface Path {
  readonly choices: readonly number[];
  readonly weight: number;
}

export function enumerate<Outcome>(sampler: (choose: Choose) => Outcome, tolerance: number): Enumeration<Outcome> {
  const mass = new Map<Outcome, number>();
  const heap = new Heap();
  heap.push({ choices: [], weight: 1 });
  let open = 1;
  while (open > tolerance) {
    const path = heap.pop();
    if (path === undefined) break;
    try {
      const outcome = sampler(replay(path.choices));
      mass.set(outcome, (mass.get(outcome) ?? 0) + path.weight);
      open -= path.weight;
    } catch (error) {
      if (!(error instanceof Undecided)) throw error;
      error.weights.forEach((weight, choice) => {
        if (weight > 0) heap.push({ choices: [...path.choices, choice], weight: path.weight * weight });
      });
    }
  }
  return { mass, open: Math.max(open, 0) };
}

function replay(choices: readonly number[]): Choose {
  let position = 0;
  return (weights) => {
    const choice = choices[position];
    if (choice === undefined) throw new Undecided(weights);
    position += 1;
    return choice;
  };
}

/** A binary heap, heaviest path on top. */
class Heap {
  readonly #paths: Path[] = [];

  push(path: Path): void {
    this.#paths.push(path);
    let child = this.#paths.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#weight(parent) >= this.#weight(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  pop(): Path | undefined {
    const top = this.#paths[0];
    const last = this.#paths.pop();
    if (top === undefined || last === undefined || this.#paths.length === 0) return top;
    this.#paths[0] = last;
    let parent = 0;
    for (;;) {
      const children = [2 * parent + 1, 2 * parent + 2].filter((child) => this.#weight(child) > this.#weight(parent));
      const heaviest = children.reduce<number | undefined>(
        (best, child) => (best === undefined || this.#weight(child) > this.#weight(best) ? child : best),
        undefined,
      );
      if (heaviest === undefined) return top;
      this.#swap(parent, heaviest);
      parent = heaviest;
    }
  }

  #weight(index: number): number {
    return this.#paths[index]?.weight ?? -1;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#paths[a], this.#paths[b]];
    if (first === undefined || second === undefined) return;
    this.#paths[a] = second;
    this.#paths[b] = first;
  }
}
